package doorbell.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OldGenCollectorTest {
  private static final int CHUNK = 8 << 20;
  private static final int CHUNKS = 100;

  @Test
  void theHeapDoesNotGrowWithWhatIsDead() throws Exception {
    String[] numbers = run(Litterer.class);
    assertThat(Long.parseLong(numbers[0])).isEqualTo((long) CHUNK * CHUNKS);
    long most = Long.parseLong(numbers[1]);
    assertThat(most).isGreaterThan(2 * CHUNK).isLessThan(OldGenCollector.LEAST + 6 * CHUNK);
  }

  @Test
  void whatACrowdTookAtACollectionIsGivenBackWhenItLeaves() throws Exception {
    String[] numbers = run(Crowd.class);
    long crowd = (long) CHUNK * CHUNKS / 4;
    assertThat(Long.parseLong(numbers[0])).as("while it stays").isGreaterThan(crowd);
    assertThat(Long.parseLong(numbers[1])).as("a quarter of it left").isLessThan(crowd);
    assertThat(Long.parseLong(numbers[2])).as("all of it left").isLessThan(crowd / 4);
  }

  /** What a program prints, with the launcher's flags for the heap. */
  private static String[] run(Class<?> program) throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:-ShrinkHeapInSteps",
            "-Xmx1g",
            "-Xms24m",
            "-Xmn5m",
            "-cp",
            System.getProperty("java.class.path"),
            program.getName());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said.trim().split(" ", -1);
  }

  private static long committed() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
  }

  /** Drops chunks that are too large to be young, and prints how large the heap became. */
  static final class Litterer {
    private Litterer() {}

    public static void main(String[] none) {
      OldGenCollector garbage = OldGenCollector.ofSerialCollector(() -> 0).orElseThrow();
      long most = 0;
      long dropped = 0;
      for (int i = 0; i < CHUNKS; i++) {
        dropped += new byte[CHUNK].length;
        garbage.look();
        most = Math.max(most, committed());
      }
      System.out.println(dropped + " " + most);
    }
  }

  /** Holds chunks at a collection, drops them, and prints how large the heap is each time. */
  static final class Crowd {
    private Crowd() {}

    public static void main(String[] none) {
      List<byte[]> crowd = new ArrayList<>();
      OldGenCollector garbage =
          OldGenCollector.ofSerialCollector(() -> (long) CHUNK * crowd.size()).orElseThrow();
      for (int i = 0; i < CHUNKS / 4; i++) {
        crowd.add(new byte[CHUNK]);
      }
      System.gc();
      for (int left : new int[] {CHUNKS / 4, CHUNKS / 16, 0}) {
        garbage.look();
        crowd.subList(left, crowd.size()).clear();
        garbage.look();
        System.out.print(committed() + " ");
      }
    }
  }
}
