package doorbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class OldGarbageTest {
  private static final int CHUNK = 8 << 20;
  private static final int CHUNKS = 100;

  @Test
  void theHeapDoesNotGrowWithWhatIsDead() throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-Xmx1g",
            "-Xms24m",
            "-Xmn5m",
            "-cp",
            System.getProperty("java.class.path"),
            Litterer.class.getName());
    Process litterer = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(litterer.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(litterer.waitFor()).as(said).isZero();
    String[] numbers = said.trim().split(" ", 2);
    assertThat(Long.parseLong(numbers[0])).isEqualTo((long) CHUNK * CHUNKS);
    long most = Long.parseLong(numbers[1]);
    assertThat(most).isGreaterThan(2 * CHUNK).isLessThan(OldGarbage.LEAST + 6 * CHUNK);
  }

  /** Drops chunks that are too large to be young, and prints how large the heap became. */
  static final class Litterer {
    private Litterer() {}

    public static void main(String[] none) {
      OldGarbage garbage = OldGarbage.ofSerialCollector().orElseThrow();
      long most = 0;
      long dropped = 0;
      for (int i = 0; i < CHUNKS; i++) {
        dropped += new byte[CHUNK].length;
        garbage.look();
        most =
            Math.max(most, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted());
      }
      System.out.println(dropped + " " + most);
    }
  }
}
