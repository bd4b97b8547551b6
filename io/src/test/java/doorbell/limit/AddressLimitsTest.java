package doorbell.limit;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.limit.AddressLimits.Most;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Limits for each address, by a clock that is moved by hand. */
class AddressLimitsTest {
  private static final ClientAddress CROWD = address(1);
  private static final ClientAddress HONEST = address(2);

  private final Map<Object, ClientAddress> open = new HashMap<>();
  private long now = 77;

  @Test
  void anAddressHasSoManyConnectionsAndAnotherDoesNotNotice() {
    AddressLimits limits = new AddressLimits(new Most(2, 0, 0, 0, 0), now);
    assertThat(open(limits, "a", CROWD)).isNull();
    assertThat(open(limits, "b", CROWD)).isNull();
    QuotaException over = open(limits, "c", CROWD);
    assertThat(over).hasMessage("at most 2 connections from one address; close some; try later");
    assertThat(open(limits, "d", HONEST)).isNull();
    close(limits, "c");
    assertThat(open(limits, "e", CROWD)).isNotNull();
    close(limits, "a");
    assertThat(open(limits, "f", CROWD)).isNull();
    assertThat(limits.refusals(Limit.CONNECTIONS_PER_ADDRESS)).isEqualTo(2);
  }

  @Test
  void closedConnectionsLeaveNothingBehind() {
    AddressLimits limits = new AddressLimits(new Most(3, 1, 0, 0, 0), now);
    for (int i = 0; i < 100; i++) {
      open(limits, i, CROWD);
    }
    assertThat(limits.kept()).isGreaterThan(90);
    for (int i = 0; i < 100; i++) {
      close(limits, i);
    }
    assertThat(limits.kept()).isZero();
  }

  @Test
  void anAddressParksSoManyWaitsAndLeavesNothingBehind() throws Exception {
    AddressLimits limits = new AddressLimits(new Most(0, 0, 3, 0, 0), now);
    ClientAddress two = limits.park(CROWD, 2);
    assertThatThrownBy(() -> limits.park(CROWD, 2))
        .hasMessage("at most 3 waits from one address, one for each id; try later");
    ClientAddress three = limits.park(address(1), 1);
    assertThat(three).as("all share one").isSameAs(two);
    assertThatThrownBy(() -> limits.park(HONEST, 4)).isInstanceOf(QuotaException.class);
    ClientAddress other = limits.park(HONEST, 3);
    assertThat(limits.refusals(Limit.WAITS_PER_ADDRESS)).isEqualTo(2);
    limits.unpark(three, 1);
    limits.unpark(limits.park(CROWD, 1), 1);
    limits.unpark(two, 2);
    limits.unpark(other, 3);
    assertThat(limits.kept()).isZero();
    assertThatThrownBy(() -> limits.park(two, 4)).isInstanceOf(QuotaException.class);
    assertThat(limits.kept()).isZero();
  }

  @Test
  void connectionsAndWaitsOfOneAddressAreCountedApart() throws Exception {
    AddressLimits limits = new AddressLimits(new Most(2, 0, 2, 0, 0), now);
    ClientAddress at = limits.open("a", CROWD, now);
    assertThat(limits.park(at, 2)).isSameAs(at);
    assertThat(open(limits, "b", CROWD)).isNull();
    assertThat(open(limits, "c", CROWD)).isNotNull();
    assertThatThrownBy(() -> limits.park(at, 1)).isInstanceOf(QuotaException.class);
    limits.leave(at);
    close(limits, "b");
    assertThatThrownBy(() -> limits.park(CROWD, 1)).isInstanceOf(QuotaException.class);
    limits.unpark(at, 2);
    close(limits, "c");
    assertThat(limits.kept()).isZero();
  }

  /** Else one thread would count at an object that another has just given up. */
  @Test
  void threadsThatComeAndGoAtOneAddressAreCountedExactly() throws Exception {
    AddressLimits limits = new AddressLimits(new Most(1, 0, 2, 0, 0), now);
    AtomicInteger parked = new AtomicInteger();
    AtomicInteger opened = new AtomicInteger();
    Callable<Integer> waits =
        () -> visit(parked, () -> limits.park(address(1), 1), at -> limits.unpark(at, 1));
    Callable<Integer> connects =
        () -> visit(opened, () -> limits.open("a", address(1), now), limits::leave);
    List<Callable<Integer>> visitors = List.of(waits, connects, waits, connects, waits, waits);
    try (ExecutorService threads = Executors.newFixedThreadPool(visitors.size())) {
      List<Future<Integer>> most = threads.invokeAll(visitors);
      for (int i = 0; i < most.size(); i++) {
        assertThat(most.get(i).get()).isBetween(1, visitors.get(i) == waits ? 2 : 1);
      }
    }
    limits.onClosed("a");
    assertThat(limits.kept()).isZero();
    assertThat(limits.park(CROWD, 2)).isSameAs(limits.open("b", CROWD, now));
  }

  private interface Counted<T> {
    T call() throws QuotaException;
  }

  /** Comes often, and goes where it isn't refused: the most visitors that it saw at a time. */
  private static int visit(
      AtomicInteger present, Counted<ClientAddress> come, Consumer<ClientAddress> go) {
    int most = 0;
    for (int i = 0; i < 100_000; i++) {
      try {
        ClientAddress at = come.call();
        most = Math.max(most, present.incrementAndGet());
        present.decrementAndGet();
        go.accept(at);
      } catch (QuotaException refused) {
        Thread.onSpinWait();
      }
    }
    return most;
  }

  @Test
  void anAddressOpensSoManyConnectionsASecond() {
    AddressLimits limits = new AddressLimits(new Most(0, 5, 0, 0, 0), now);
    assertThat(opened(limits, CROWD, 60)).isEqualTo(50);
    assertThat(opened(limits, HONEST, 10)).isEqualTo(10);
    now += SECONDS.toNanos(1);
    assertThat(opened(limits, CROWD, 60)).isEqualTo(5);
    assertThat(limits.refusals(Limit.CONNECTIONS_PER_SECOND_PER_ADDRESS)).isEqualTo(65);
  }

  @Test
  void aConnectionThatItsRateRefusedHasNoPlaceAmongTheOpenOnes() {
    AddressLimits limits = new AddressLimits(new Most(12, 1, 0, 0, 0), now);
    assertThat(opened(limits, CROWD, 15)).isEqualTo(10);
    now += SECONDS.toNanos(10);
    assertThat(opened(limits, CROWD, 15)).isEqualTo(2);
  }

  @Test
  void refusedConnectionsLingerUpToABound() {
    AddressLimits limits = new AddressLimits(new Most(1, 0, 0, 0, 0), now);
    open(limits, "first", CROWD);
    List<Object> lingering = new ArrayList<>();
    for (int i = 0; i < 2 * AddressLimits.MOST_LINGERING; i++) {
      Object connection = i;
      QuotaException over = open(limits, connection, CROWD);
      if (over != null && !over.closesAtOnce) {
        lingering.add(connection);
      }
    }
    assertThat(lingering).hasSize(AddressLimits.MOST_LINGERING);
    close(limits, lingering.getFirst());
    assertThat(open(limits, "again", CROWD)).matches(over -> !over.closesAtOnce);
    assertThat(open(limits, "and again", CROWD)).matches(over -> over.closesAtOnce);
  }

  @Test
  void refusedConnectionsAreAnsweredAtABoundedRate() {
    AddressLimits limits = new AddressLimits(new Most(1, 0, 0, 0, 0), now);
    open(limits, "first", CROWD);
    int answered = 0;
    for (int i = 0; i < 5_000; i++) {
      QuotaException over = open(limits, i, CROWD);
      answered += over != null && !over.closesAtOnce ? 1 : 0;
      close(limits, i);
    }
    assertThat(answered).isEqualTo(AddressLimits.ANSWERED_PER_SECOND * TokenBuckets.BURST_SECONDS);
  }

  @Test
  void waitsAndSetsHaveARateEach() throws Exception {
    AddressLimits limits = new AddressLimits(new Most(0, 0, 0, 2, 1), now);
    limits.takeWaits(CROWD, 20, now);
    limits.takeSets(CROWD, 10, now);
    assertThatThrownBy(() -> limits.takeWaits(CROWD, 1, now))
        .isInstanceOf(QuotaException.class)
        .hasMessage("at most 2 waits a second from one address, one for each id; try later");
    assertThatThrownBy(() -> limits.takeSets(CROWD, 3, now))
        .hasMessage("at most 1 sets a second from one address, one for each id; try later")
        .matches(beyond -> ((QuotaException) beyond).retryNanos == SECONDS.toNanos(3));
    limits.takeWaits(HONEST, 20, now);
    limits.takeWaits(null, 1_000, now);
    assertThat(limits.refusals(Limit.WAITS_PER_SECOND_PER_ADDRESS)).isEqualTo(1);
    assertThat(limits.refusals(Limit.SETS_PER_SECOND_PER_ADDRESS)).isEqualTo(1);
  }

  @Test
  void aRateThatStaysForgetsNothingAndOneThatIsTurnedOffRefusesNothing() throws Exception {
    AddressLimits limits = new AddressLimits(new Most(0, 0, 0, 1, 1), now);
    limits.takeWaits(CROWD, 10, now);
    limits.takeSets(CROWD, 10, now);
    limits.take(new Most(0, 0, 0, 1, 0), now);
    assertThatThrownBy(() -> limits.takeWaits(CROWD, 1, now)).isInstanceOf(QuotaException.class);
    limits.takeSets(CROWD, 1_000, now);
    limits.take(new Most(1, 0, 0, 3, 0), now);
    limits.takeWaits(CROWD, 30, now);
    assertThat(opened(limits, CROWD, 5)).isEqualTo(1);
  }

  private @Nullable QuotaException open(
      AddressLimits limits, Object connection, ClientAddress address) {
    try {
      open.put(connection, limits.open(connection, address, now));
      return null;
    } catch (QuotaException over) {
      return over;
    }
  }

  private void close(AddressLimits limits, Object connection) {
    ClientAddress at = open.remove(connection);
    if (at != null) {
      limits.leave(at);
    }
    limits.onClosed(connection);
  }

  private int opened(AddressLimits limits, ClientAddress address, int asked) {
    int opened = 0;
    for (int i = 0; i < asked; i++) {
      opened += open(limits, new Object(), address) == null ? 1 : 0;
    }
    return opened;
  }

  private static ClientAddress address(int last) {
    try {
      return ClientAddress.of(InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, (byte) last}));
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
