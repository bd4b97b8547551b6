package doorbell;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.store.redis.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two whole nodes over one Redis. */
class RedisNodesTest extends NodesContract {
  @TempDir private Path folder;
  private RedisServer redis;

  @BeforeEach
  void begin() throws IOException {
    redis = new RedisServer(folder.resolve("redis"));
  }

  @AfterEach
  void end() {
    endNodes();
    redis.close();
  }

  @Override
  String store() {
    return redis.url();
  }

  @Override
  void killServer() {
    redis.kill();
  }

  @Override
  void startServer() throws IOException {
    redis.start();
  }

  @Test
  void aPasswordMayStandInAFileThatOthersCannotRead() throws Exception {
    redis.say("CONFIG SET requirepass sesame");
    Path file = Files.writeString(folder.resolve("password"), "sesame\n");
    Options withFile = options().with(StoreOptions.PASSWORD_FILE, file);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> Doorbell.start(withFile)).hasMessageContaining("others can read");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Doorbell.start(withFile).close();
    assertThatThrownBy(() -> Doorbell.start(options()))
        .hasMessageContaining("asks for a password; give --store-password-file");
  }
}
