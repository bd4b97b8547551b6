package doorbell.store.replica;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.store.replica.ReplicaSimulation.Planted;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Nodes over replicas that fail, by seeds. A failure is a number that anybody can replay: {@code
 * -Dreplicas.seed=17}; {@code -Dreplicas.seeds=10000} tries more of them.
 */
class ReplicaSimulationTest {
  private static LongStream seeds() {
    Long one = Long.getLong("replicas.seed");
    long seeds = Long.getLong("replicas.seeds", 60);
    return LongStream.rangeClosed(one == null ? 1 : one, one == null ? seeds : one);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5})
  void everyAcknowledgedSetIsHeardWhateverHappens(int replicas) {
    int answers = 0;
    for (long seed : seeds().toArray()) {
      ReplicaSimulation simulation = new ReplicaSimulation(seed, replicas, Planted.NOTHING);
      assertThat(simulation.run()).as("-Dreplicas.seed=" + seed).isEmpty();
      answers += simulation.history.answers();
    }
    assertThat(answers).isGreaterThan(20 * (int) seeds().count());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOTHING")
  void aPlantedFaultIsFound(Planted planted) {
    assertThat(seeds().mapToObj(seed -> new ReplicaSimulation(seed, 3, planted).run()))
        .anyMatch(faults -> !faults.isEmpty());
  }

  @Test
  void whereNoNotificationArrivesTheSweepFindsEachSet() {
    for (long seed : seeds().limit(10).toArray()) {
      ReplicaSimulation simulation = new ReplicaSimulation(seed, 3, Planted.NOTHING);
      simulation.mute();
      simulation.run();
      simulation.sweep();
      assertThat(simulation.history.late()).as("-Dreplicas.seed=" + seed).isZero();
    }
  }

  @Test
  void aSeedIsAlwaysTheSameStory() {
    List<Integer> answers =
        LongStream.of(7, 7, 8)
            .mapToObj(
                seed -> {
                  ReplicaSimulation simulation = new ReplicaSimulation(seed, 3, Planted.NOTHING);
                  simulation.run();
                  return simulation.history.answers();
                })
            .toList();
    assertThat(answers.get(0)).isEqualTo(answers.get(1)).isNotEqualTo(answers.get(2));
  }
}
