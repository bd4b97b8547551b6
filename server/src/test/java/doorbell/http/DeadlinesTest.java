package doorbell.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The wheel alone: a connection that is due closes its channel, since it is idle. */
class DeadlinesTest {
  /** The wheel turns in this time. */
  private static final long TURN_MILLIS = 1_024 * 50;

  private final SimulatedNode node = new SimulatedNode();
  private final Deadlines deadlines = node.loops.get(0).deadlines;

  @Test
  void noneIsEarlyAndNoneIsLateByMoreThanTwoSlots() {
    Random random = new Random(1);
    List<Timed> all = new ArrayList<>();
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
    Timed week = timed(TimeUnit.DAYS.toMillis(7));
    Timed turn = timed(TURN_MILLIS);
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
  void aLoopThatWasBusyForManyTurnsForgetsNobody() {
    List<Timed> all = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      all.add(timed(i * 60L));
    }
    node.advance(3 * TURN_MILLIS);
    node.runAll();
    assertThat(all).allMatch(this::isDone);
    assertThat(deadlines.connections()).isEmpty();
  }

  @Test
  void aDeadlineThatIsMovedCountsAloneAndOneThatIsCancelledNever() {
    Timed moved = timed(100);
    Timed cancelled = timed(100);
    in(() -> deadlines.set(moved.connection, 5_000));
    in(() -> deadlines.cancel(cancelled.connection));
    in(() -> deadlines.cancel(cancelled.connection));
    node.pass(4_990);
    assertThat(isDone(moved)).isFalse();
    node.pass(120);
    assertThat(isDone(moved)).isTrue();
    node.pass(TURN_MILLIS);
    assertThat(isDone(cancelled)).isFalse();
    assertThat(deadlines.connections()).isEmpty();
  }

  private Timed timed(long millis) {
    SimulatedNode.Client client = node.connect();
    Connection connection = client.channel.pipeline().get(ChannelWire.class).connection;
    in(() -> deadlines.set(connection, millis));
    return new Timed(client.channel, connection, now() + millis);
  }

  private boolean isDone(Timed timed) {
    boolean done = !timed.channel.isOpen();
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

  private record Timed(EmbeddedChannel channel, Connection connection, long dueMillis) {}
}
