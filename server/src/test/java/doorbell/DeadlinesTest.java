package doorbell;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.io.Deadline;
import doorbell.io.Deadlines;
import doorbell.io.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The wheel alone: a connection that is due closes its channel, since it is idle. */
class DeadlinesTest {
  /** The wheel turns in this time. */
  private static final long TURN_MILLIS = 1_024 * 50;

  private final SimulatedNode node = new SimulatedNode();
  private final Deadlines deadlines = node.loops.get(0).io.deadlines;

  @Test
  void noneIsEarlyAndNoneIsLateByMoreThanTwoSlots() {
    Random random = new Random(1);
    List<Due> all = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      all.add(timed((long) Math.pow(10, random.nextDouble(5.5))));
      node.pass(random.nextInt(30));
    }
    while (!all.isEmpty()) {
      node.advance(random.nextInt(40));
      node.runAll();
      all.removeIf(this::isDone);
      assertThat(all).noneMatch(timed -> now() > timed.dueMillis + 2 * 50 + 40);
    }
  }

  @Test
  void aHoldOfManyTurnsIsNotEndedByTheFirst() {
    Due week = timed(TimeUnit.DAYS.toMillis(7));
    Due turn = timed(TURN_MILLIS);
    node.pass(TURN_MILLIS - 10);
    assertThat(isDone(turn)).isFalse();
    node.pass(150);
    assertThat(isDone(turn)).isTrue();
    for (int i = 0; i < 600; i++) {
      node.advance(TimeUnit.MINUTES.toMillis(16));
      node.runAll();
      assertThat(isDone(week)).isFalse();
    }
    node.advance(TimeUnit.DAYS.toMillis(1));
    node.runAll();
    assertThat(isDone(week)).isTrue();
  }

  @Test
  void aFaultOfOneThatIsDueIsNobodyElses() {
    SimulatedNode.Client faulty = node.connect();
    List<Deadline> fired = new ArrayList<>();
    Deed fault =
        new Deed(
            endpoint(faulty),
            self -> {
              throw new StackOverflowError();
            });
    List<Deadline> all = new ArrayList<>(List.of(fault));
    for (int i = 0; i < 3; i++) {
      all.add(i, new Deed(endpoint(node.connect()), fired::add));
    }
    in(() -> all.forEach(timed -> deadlines.set(timed, 100)));
    node.pass(300);
    assertThat(fired).hasSize(3);
    assertThat(faulty.isOpen()).isFalse();
    assertThat(node.thrown).hasSize(1);
  }

  private static Endpoint endpoint(SimulatedNode.Client client) {
    return client.endpoint;
  }

  @Test
  void aLoopThatWasBusyForManyTurnsForgetsNobody() {
    List<Due> all = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      all.add(timed(i * 60L));
    }
    node.advance(3 * TURN_MILLIS);
    node.runAll();
    assertThat(all).allMatch(this::isDone);
    assertThat(deadlines.all()).isEmpty();
  }

  @Test
  void aDeadlineThatIsMovedCountsAloneAndOneThatIsCancelledNever() {
    Due moved = timed(100);
    Due cancelled = timed(100);
    in(() -> deadlines.set(moved.timed, 5_000));
    in(() -> deadlines.cancel(cancelled.timed));
    in(() -> deadlines.cancel(cancelled.timed));
    node.pass(4_990);
    assertThat(isDone(moved)).isFalse();
    node.pass(120);
    assertThat(isDone(moved)).isTrue();
    node.pass(TURN_MILLIS);
    assertThat(isDone(cancelled)).isFalse();
    assertThat(deadlines.all()).isEmpty();
  }

  @Test
  void whoIsDueCanMoveAndCancelOthersThatAreDue() {
    List<Deadline> fired = new ArrayList<>();
    List<Deadline> all = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      all.add(
          new Deed(
              endpoint(node.connect()),
              self -> {
                fired.add(self);
                deadlines.set(all.get((all.indexOf(self) + 1) % 3), TURN_MILLIS);
                deadlines.cancel(all.get((all.indexOf(self) + 2) % 3));
              }));
    }
    in(() -> all.forEach(timed -> deadlines.set(timed, 100)));
    node.pass(300);
    assertThat(fired).hasSize(1);
    node.pass(TURN_MILLIS);
    assertThat(fired).hasSize(2).doesNotHaveDuplicates();
  }

  private Due timed(long millis) {
    SimulatedNode.Client client = node.connect();
    Deadline connection = (Deadline) client.endpoint.protocol();
    in(() -> deadlines.set(connection, millis));
    return new Due(client, connection, now() + millis);
  }

  private boolean isDone(Due timed) {
    boolean done = !timed.client.isOpen();
    if (done) {
      assertThat(now()).isGreaterThanOrEqualTo(timed.dueMillis);
    }
    return done;
  }

  private void in(Runnable deed) {
    node.threads.get(0).enter(deed);
  }

  private long now() {
    return TimeUnit.NANOSECONDS.toMillis(node.ticker.nanoTime());
  }

  private record Due(SimulatedNode.Client client, Deadline timed, long dueMillis) {}

  /** Does something when it is due. */
  private static final class Deed extends Deadline {
    private final Endpoint endpoint;
    private final Consumer<Deadline> deed;

    Deed(Endpoint endpoint, Consumer<Deadline> deed) {
      this.endpoint = endpoint;
      this.deed = deed;
    }

    @Override
    public Endpoint endpoint() {
      return endpoint;
    }

    @Override
    protected void onDeadline() {
      deed.accept(this);
    }

    @Override
    public void close() {}
  }
}
