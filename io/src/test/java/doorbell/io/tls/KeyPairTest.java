package doorbell.io.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files of a certificate and a key are taken, and in which words others are refused. */
final class KeyPairTest {
  @TempDir static Path folder;
  private static Certificates certificates;
  private static PemFiles rsa;
  private static PemFiles ec;

  @BeforeAll
  static void certificates() throws Exception {
    certificates = new Certificates(folder);
    rsa = certificates.make("rsa", "-keyalg", "RSA", "-keysize", "2048");
    ec = certificates.make("ec", "-keyalg", "EC");
  }

  /** A handshake is made before it is taken. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-keyalg RSA -keysize 1024",
        "-keyalg RSA -keysize 3072",
        "-keyalg RSA -keysize 4096",
        "-keyalg EC -groupname secp384r1",
        "-keyalg EC -groupname secp521r1",
        "-keyalg Ed25519",
        "-keyalg Ed448",
        "-keyalg RSASSA-PSS -keysize 2048",
        "-keyalg RSA -keysize 2048 -startdate -10d -validity 5"
      })
  void aKeyOfAnyKindIsServed(String kind) throws Exception {
    String name = "kind" + kind.hashCode();
    new Tls(Certificates.settings(certificates.make(name, kind.split(" ", -1))));
  }

  @Test
  void aKindThatNoClientTakesIsRefused() throws Exception {
    PemFiles dsa = certificates.make("dsa", "-keyalg", "DSA", "-keysize", "2048");
    assertRefused(dsa, "no client gets through with a key of this kind, DSA");
  }

  @Test
  void aKeyIsTakenInEachForm() throws Exception {
    taken(rsa.chain(), Certificates.pem("RSA PRIVATE KEY", inside(rsa.key())));
    taken(ec.chain(), Certificates.pem("EC PRIVATE KEY", inside(ec.key())));
    taken(
        ec.chain(),
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
            + Certificates.pem("EC PRIVATE KEY", inside(ec.key())));
  }

  @Test
  void linesMayEndAsTheyWillAndStandAmongOthers() throws Exception {
    String text = "Certificate:\n    Data: - ----- BEGIN\n";
    String chain = Files.readString(rsa.chain());
    String key = Files.readString(rsa.key());
    taken(write(text + chain), "Bag Attributes: <No Attributes>\n" + key + "\n\n");
    taken(write(chain.replace("\n", "\r\n")), key.replace("\n", "\r\n"));
    taken(write("\ufeff" + chain), key.stripTrailing());
    taken(write(key + chain), chain + key);
  }

  @Test
  void theCertificateOfTheKeyComesFirstWhereverItStands() throws Exception {
    Path mixed = write(Files.readString(rsa.chain()) + Files.readString(ec.chain()));
    KeyPair pair =
        KeyPair.read(
            new PemFiles(mixed, ec.key()), Files.readString(mixed), Files.readString(ec.key()));
    assertThat(pair.chain().getFirst().getSubjectX500Principal()).hasToString("CN=ec");
  }

  @Test
  void whatIsWrongWithTheFilesIsSaid() throws Exception {
    assertRefused(new PemFiles(ec.key(), ec.chain()), "the file given as certificate is a key");
    assertRefused(new PemFiles(ec.chain(), ec.chain()), "the file given as key is a certificate");
    assertRefused(new PemFiles(ec.chain(), rsa.key()), "another certificate's");
    assertRefused(new PemFiles(write("nothing"), rsa.key()), "BEGIN CERTIFICATE");
    assertRefused(new PemFiles(ec.chain(), write("")), "openssl pkey -in");
    assertRefused(new PemFiles(ec.chain(), folder), "Is a directory");
    for (String locked :
        List.of(
            Certificates.pem("ENCRYPTED PRIVATE KEY", new byte[40]),
            """
            -----BEGIN RSA PRIVATE KEY-----
            Proc-Type: 4,ENCRYPTED
            DEK-Info: AES-256-CBC,0A

            AAAA
            -----END RSA PRIVATE KEY-----
            """)) {
      assertRefused(
          new PemFiles(ec.chain(), write(locked)),
          "the key has a password; write it without: openssl pkey -in ");
    }
  }

  @Test
  void aCertificateThatStandsThereTwiceIsOne() throws Exception {
    String chain = Files.readString(ec.chain());
    taken(write(chain + chain + chain), Files.readString(ec.key()));
    taken(write(chain.replace("CERT", "X509 CERT")), Files.readString(ec.key()));
  }

  /** On secp256k1: the JDK reads it and can't sign with it, and keytool makes none. */
  @Test
  void aCurveThatNobodyServesIsToldFromAnotherCertificatesKeyAndFromABrokenOne() throws Exception {
    String certificate =
        """
        -----BEGIN CERTIFICATE-----
        MIIBazCCARKgAwIBAgIUOaarJ6oqIvJ4iV/WPpmPulxGcggwCgYIKoZIzj0EAwIw
        DDEKMAgGA1UEAwwBYTAgFw0yNjExMjkxMjM5NTlaGA8yMTI2MTEwNTEyMzk1OVow
        DDEKMAgGA1UEAwwBYTBWMBAGByqGSM49AgEGBSuBBAAKA0IABJtddTNZwEurr4Dc
        ScXcqTRMXRHVds26JvVnl1M9+5CfH4q/ebyuMm1Rfu0JN85YejDotrMQH9zWOUW0
        vuk9tNOjUzBRMB0GA1UdDgQWBBTd2n3HKKMZTNhErDbfg7KY2DwOdjAfBgNVHSME
        GDAWgBTd2n3HKKMZTNhErDbfg7KY2DwOdjAPBgNVHRMBAf8EBTADAQH/MAoGCCqG
        SM49BAMCA0cAMEQCIC7l1iSPRjBNUB6WjpChShQxGEe1RAhuaAl5PDIshFvUAiBD
        aRL4Zfu6/zdcSYj4GuHPavnlCtEoHkVZrsen1WhNGA==
        -----END CERTIFICATE-----
        """;
    String key =
        """
        -----BEGIN PRIVATE KEY-----
        MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgwjoAHVAB/dGgaOOQDawA
        wa+i3igLt8z/58IEQmhC+s2hRANCAASbXXUzWcBLq6+A3EnF3Kk0TF0R1XbNuib1
        Z5dTPfuQnx+Kv3m8rjJtUX7tCTfOWHow6LazEB/c1jlFtL7pPbTT
        -----END PRIVATE KEY-----
        """;
    assertRefused(
        new PemFiles(write(certificate), write(key)),
        "no client gets through with a key of this kind, EC");
    String half = Certificates.pem("CERTIFICATE", Arrays.copyOf(decoded(ec.chain()), 100));
    assertRefused(new PemFiles(write(half), ec.key()), " is broken, or of a kind");
  }

  private static void taken(Path chain, String key) throws Exception {
    new Tls(Certificates.settings(new PemFiles(chain, write(key))));
  }

  private static void assertRefused(PemFiles files, String why) {
    assertThatThrownBy(() -> new Tls(Certificates.settings(files)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("can't use the certificate " + files.chain())
        .hasMessageContaining(why);
  }

  private static Path write(String text) throws Exception {
    return Files.writeString(Files.createTempFile(folder, "file", ".pem"), text);
  }

  /** The older form of a key is what PKCS#8 has inside, behind its algorithm. */
  private static byte[] inside(Path key) throws Exception {
    byte[] pkcs8 = decoded(key);
    for (int at = 8; at < pkcs8.length; at++) {
      int from = at + 2 + (pkcs8[at + 1] < 0 ? pkcs8[at + 1] & 0x7f : 0);
      if (pkcs8[at] == 0x04 && from < pkcs8.length && pkcs8[from] == 0x30) {
        return Arrays.copyOfRange(pkcs8, from, pkcs8.length);
      }
    }
    throw new AssertionError(key);
  }

  private static byte[] decoded(Path pem) throws Exception {
    return Base64.getMimeDecoder().decode(Files.readString(pem).replaceAll("-----.*-----", ""));
  }
}
