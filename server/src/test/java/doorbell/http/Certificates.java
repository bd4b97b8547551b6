package doorbell.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Certificates that tests make in a folder, each with its key. */
record Certificates(Path folder) {
  private static final String PASSWORD = "changeit";

  /** One for {@code CN=name}; {@code kind} are keytool's options. */
  HttpOptions.Certificate make(String name, String... kind) throws Exception {
    Path store = folder.resolve(name + ".p12");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-genkeypair", "-alias", name, "-dname", "CN=" + name));
    command.addAll(List.of("-ext", "san=dns:localhost", "-storetype", "PKCS12"));
    command.addAll(List.of("-keystore", store.toString(), "-storepass", PASSWORD));
    command.addAll(List.of(kind));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes(), UTF_8);
    assertThat(keytool.waitFor()).as(said).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    Key key = requireNonNull(keys.getKey(name, PASSWORD.toCharArray()));
    Certificate certificate = requireNonNull(keys.getCertificate(name));
    return new HttpOptions.Certificate(
        Files.writeString(
            folder.resolve(name + ".crt"), pem("CERTIFICATE", certificate.getEncoded())),
        Files.writeString(folder.resolve(name + ".key"), pem("PRIVATE KEY", key.getEncoded())));
  }

  static String pem(String kind, byte[] bytes) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n";
  }

  HttpOptions.Certificate copy(HttpOptions.Certificate files) throws IOException {
    Path copies = Files.createTempDirectory(folder, "copies");
    return new HttpOptions.Certificate(
        Files.copy(files.chain(), copies.resolve("chain.pem")),
        Files.copy(files.key(), copies.resolve("key.pem")));
  }

  /** As others replace files, and with times that differ however coarse the file system's are. */
  static void replace(HttpOptions.Certificate files, HttpOptions.Certificate by)
      throws IOException {
    Files.write(files.key(), Files.readAllBytes(by.key()));
    touch(files.key(), 2);
    Files.write(files.chain(), Files.readAllBytes(by.chain()));
    touch(files.chain(), 2);
  }

  static void touch(Path file, int later) throws IOException {
    long now = Files.getLastModifiedTime(file).toMillis();
    Files.setLastModifiedTime(file, FileTime.fromMillis(now + later * 1_000L));
  }
}
