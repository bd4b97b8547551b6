package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real nodes, as the launcher starts them. */
@EnabledOnOs(OS.LINUX)
class LaunchedNodeTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX"})
  void aStoreMayHaveAnyNameInAnyLocale(String locale) throws Exception {
    LaunchedTree tree = new LaunchedTree(folder.resolve("tree"));
    Map<String, String> environment = new HashMap<>(LaunchedTree.real());
    environment.put("LC_ALL", locale);
    // By the shell, since this JVM may not be able to name it either.
    String start =
        "mkdir \"$(printf 'b\\303\\274cher')\" && exec ./doorbell serve --listen 127.0.0.1:0"
            + " --store \"rocksdb:$(printf 'b\\303\\274cher/\\346\\227\\245')\"";
    Process node = tree.builder(environment, "sh", "-c", start).start();
    try {
      assertThat(node.inputReader(UTF_8).readLine()).startsWith("doorbell: listening on ");
      String list = "ls -d \"$(printf 'b\\303\\274cher/\\346\\227\\245/DOORBELL')\"";
      assertThat(tree.run(Map.of(), "sh", "-c", list).code()).isZero();
    } finally {
      end(node);
    }
  }

  @Test
  void noFileOfTheStoreIsOneOfTheStandardDescriptors() throws Exception {
    LaunchedTree tree = new LaunchedTree(folder);
    String start =
        "exec ./doorbell serve --listen 127.0.0.1:0 --store rocksdb:store 0<&- 1>&- 2>&-";
    Process node = tree.builder(LaunchedTree.real(), "sh", "-c", start).start();
    try {
      Path files = Path.of("/proc", Long.toString(node.pid()), "fd");
      await().until(() -> node.isAlive() && Files.exists(folder.resolve("store/CURRENT")));
      for (String standard : List.of("0", "1", "2")) {
        assertThat(files.resolve(standard).toRealPath()).isEqualTo(Path.of("/dev/null"));
      }
    } finally {
      end(node);
    }
  }

  private static void end(Process node) throws IOException {
    node.destroy();
    node.onExit().join();
    node.getInputStream().close();
  }
}
