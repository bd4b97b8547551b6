package doorbell.io.tls;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import doorbell.io.LogLines;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The certificate's files, as others write and replace them. */
class TlsTest {
  @TempDir static Path folder;
  private static Certificates certificates;
  private static PemFiles first;
  private static PemFiles second;

  @BeforeAll
  static void certificates() throws Exception {
    certificates = new Certificates(folder);
    first = certificates.make("first", "-keyalg", "EC");
    second = certificates.make("second", "-keyalg", "EC");
  }

  @ParameterizedTest
  @EnumSource(
      value = SslProvider.class,
      names = {"JDK", "OPENSSL_REFCNT"})
  void filesThatAreNoPairLeaveTheOldOnesInUse(SslProvider provider) throws Exception {
    PemFiles files = certificates.copy(first);
    Tls tls = new Tls(Certificates.settings(files), List.of(provider));
    Files.writeString(files.key(), "half a key");
    Certificates.touch(files.key(), 1);
    SslContext before = tls.current();
    tls.reload();
    assertThat(tls.current()).isSameAs(before);
    Certificates.replace(files, second);
    tls.reload();
    assertThat(tls.current()).isNotSameAs(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ln -s /dev/zero chain.pem",
        "mkfifo chain.pem",
        "truncate -s 1G chain.pem",
        "mkdir chain.pem",
        "(echo -----BEGIN X-----; yes -- -a | head -n 300000) > chain.pem"
      })
  void whateverStandsInTheFilesTheNextGoodOnesAreTaken(String deed) throws Exception {
    PemFiles files = certificates.copy(first);
    Tls tls = new Tls(Certificates.settings(files));
    Files.delete(files.chain());
    ProcessBuilder shell = new ProcessBuilder("sh", "-c", deed);
    shell.directory(requireNonNull(files.chain().getParent()).toFile());
    assertThat(shell.start().waitFor()).isZero();
    SslContext before = tls.current();
    assertTimeoutPreemptively(Duration.ofMinutes(1), tls::reload);
    assertThat(tls.current()).isSameAs(before);
    Files.delete(files.chain());
    Files.copy(second.chain(), files.chain());
    Files.copy(second.key(), files.key(), StandardCopyOption.REPLACE_EXISTING);
    tls.reload();
    assertThat(tls.current()).isNotSameAs(before);
  }

  @Test
  void filesThatCouldNotBeReadAreTakenWhenTheyCanWhateverTheirTimes() throws Exception {
    PemFiles files = certificates.copy(first);
    Tls tls = new Tls(Certificates.settings(files));
    FileTime time = Files.getLastModifiedTime(files.key());
    SslContext before = tls.current();
    Certificates.replace(files, second);
    Path away = Files.move(files.key(), folder.resolve("away"));
    tls.reload();
    tls.reload();
    assertThat(tls.current()).isSameAs(before);
    Files.move(away, files.key());
    Files.setLastModifiedTime(files.key(), time);
    tls.reload();
    assertThat(tls.current()).isNotSameAs(before);
  }

  @Test
  void aFailureIsToldOnceAndSoIsItsEnd() throws Exception {
    PemFiles files = certificates.copy(first);
    Tls tls = new Tls(Certificates.settings(files));
    try (LogLines log = LogLines.of(Tls.class)) {
      Path away = Files.move(files.key(), folder.resolve("elsewhere"));
      for (int i = 0; i < 3; i++) {
        tls.reload();
      }
      Files.move(away, files.key());
      for (int i = 0; i < 3; i++) {
        tls.reload();
      }
      assertThat(log.messages())
          .satisfiesExactly(
              failed -> assertThat(failed).contains("no such file", "stays in use"),
              worked -> assertThat(worked).startsWith("took the certificate"));
    }
  }
}
