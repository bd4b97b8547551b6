package doorbell.io.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateEncodingException;
import java.util.Arrays;

/**
 * Any files of a certificate and a key are refused in a sentence, or are the same pair when they
 * are written again. The input is PEM, the key behind a NUL; or an @, the length of a certificate
 * in two bytes, the key's kind, and both in DER.
 */
public final class KeyPairFuzz {
  private static final PemFiles FILES = new PemFiles(Path.of("a.crt"), Path.of("a.key"));
  private static final String[] KINDS = {"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"};

  private KeyPairFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws CertificateEncodingException {
    if (data.length > 5 && data[0] == '@') {
      int middle = Math.min(data.length, 4 + (data[1] & 0xff) * 256 + (data[2] & 0xff));
      String chain = Certificates.pem("CERTIFICATE", Arrays.copyOfRange(data, 4, middle));
      byte[] key = Arrays.copyOfRange(data, middle, data.length);
      read(chain, Certificates.pem(KINDS[(data[3] & 0xff) % KINDS.length], key));
    } else {
      String text = new String(data, ISO_8859_1);
      int middle = text.indexOf('\0');
      read(middle < 0 ? text : text.substring(0, middle), text.substring(middle + 1));
    }
  }

  private static void read(String chain, String key) throws CertificateEncodingException {
    KeyPair pair;
    try {
      pair = KeyPair.read(FILES, chain, key);
    } catch (GeneralSecurityException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
      return;
    }
    assertThat(pair.chain()).isNotEmpty().doesNotHaveDuplicates();
    String again = Certificates.pem("CERTIFICATE", pair.chain().getFirst().getEncoded());
    try {
      KeyPair same =
          KeyPair.read(FILES, again, Certificates.pem("PRIVATE KEY", pair.key().getEncoded()));
      assertThat(same.chain().getFirst()).isEqualTo(pair.chain().getFirst());
      assertThat(same.key()).isEqualTo(pair.key());
    } catch (GeneralSecurityException e) {
      throw new AssertionError("what was read can't be read again", e);
    }
  }
}
