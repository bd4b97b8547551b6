package doorbell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * A seeded simulation of a whole node. A failure is a number that anybody can replay: {@code
 * -Dsimulation.seed=17}; {@code -Dsimulation.seeds=10000} tries more of them.
 */
class SimulationTest {
  private static final int LINES_OF_STORY = 40;

  @Test
  void everyPromiseIsKeptWhateverHappens() {
    Long one = Long.getLong("simulation.seed");
    long seeds = Long.getLong("simulation.seeds", 300);
    LongStream.rangeClosed(one == null ? 1 : one, one == null ? seeds : one).forEach(this::run);
  }

  @Test
  void aSeedIsAlwaysTheSameStory() {
    assertThat(run(7)).isEqualTo(run(7)).isNotEqualTo(run(8));
  }

  private List<String> run(long seed) {
    Simulation simulation = new Simulation(seed);
    try {
      simulation.run();
      return simulation.story();
    } catch (AssertionError | RuntimeException e) {
      List<String> story = simulation.story();
      int from = Math.max(0, story.size() - LINES_OF_STORY);
      throw new AssertionError(
          "seed %d: %s%nreplay it with -Dsimulation.seed=%d%n%s"
              .formatted(
                  seed, e.getMessage(), seed, String.join("\n", story.subList(from, story.size()))),
          e);
    }
  }
}
