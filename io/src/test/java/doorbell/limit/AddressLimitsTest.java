package doorbell.limit;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.limit.AddressLimits.Most;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Limits for each address, by a clock that is moved by hand. */
class AddressLimitsTest {
  private static final Long CROWD = 1L;
  private static final Long HONEST = 2L;

  private long now = 77;

  @Test
  void anAddressHasSoManyConnectionsAndAnotherDoesNotNotice() {
    AddressLimits limits = new AddressLimits(new Most(2, 0, 0, 0), now);
    assertThat(open(limits, "a", CROWD)).isNull();
    assertThat(open(limits, "b", CROWD)).isNull();
    QuotaException over = open(limits, "c", CROWD);
    assertThat(over).hasMessage("at most 2 connections from one address; close some; try later");
    assertThat(open(limits, "d", HONEST)).isNull();
    limits.onClosed("c");
    assertThat(open(limits, "e", CROWD)).isNotNull();
    limits.onClosed("a");
    assertThat(open(limits, "f", CROWD)).isNull();
    assertThat(limits.refusals(Limit.CONNECTIONS_PER_ADDRESS)).isEqualTo(2);
  }

  /** A proxy's connection is, at first, that of the proxy. */
  @Test
  void aConnectionIsCountedAtOneAddressAlone() {
    AddressLimits limits = new AddressLimits(new Most(1, 0, 0, 0), now);
    assertThat(open(limits, "a", CROWD)).isNull();
    assertThat(open(limits, "a", HONEST)).isNull();
    assertThat(open(limits, "b", CROWD)).isNull();
    assertThat(open(limits, "b", HONEST)).isNotNull();
    limits.onClosed("a");
    limits.onClosed("b");
    assertThat(limits.kept()).isZero();
  }

  @Test
  void closedConnectionsLeaveNothingBehind() {
    AddressLimits limits = new AddressLimits(new Most(3, 1, 0, 0), now);
    for (int i = 0; i < 100; i++) {
      open(limits, i, CROWD);
    }
    assertThat(limits.kept()).isGreaterThan(90);
    for (int i = 0; i < 100; i++) {
      limits.onClosed(i);
      limits.onClosed(i);
    }
    assertThat(limits.kept()).isZero();
  }

  @Test
  void anAddressOpensSoManyConnectionsASecond() {
    AddressLimits limits = new AddressLimits(new Most(0, 5, 0, 0), now);
    assertThat(opened(limits, CROWD, 60)).isEqualTo(50);
    assertThat(opened(limits, HONEST, 10)).isEqualTo(10);
    now += SECONDS.toNanos(1);
    assertThat(opened(limits, CROWD, 60)).isEqualTo(5);
    assertThat(limits.refusals(Limit.CONNECTIONS_PER_SECOND_PER_ADDRESS)).isEqualTo(65);
  }

  @Test
  void aConnectionThatItsRateRefusedHasNoPlaceAmongTheOpenOnes() {
    AddressLimits limits = new AddressLimits(new Most(12, 1, 0, 0), now);
    assertThat(opened(limits, CROWD, 15)).isEqualTo(10);
    now += SECONDS.toNanos(10);
    assertThat(opened(limits, CROWD, 15)).isEqualTo(2);
  }

  @Test
  void refusedConnectionsLingerUpToABound() {
    AddressLimits limits = new AddressLimits(new Most(1, 0, 0, 0), now);
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
    limits.onClosed(lingering.getFirst());
    assertThat(open(limits, "again", CROWD)).matches(over -> !over.closesAtOnce);
    assertThat(open(limits, "and again", CROWD)).matches(over -> over.closesAtOnce);
  }

  @Test
  void refusedConnectionsAreAnsweredAtABoundedRate() {
    AddressLimits limits = new AddressLimits(new Most(1, 0, 0, 0), now);
    open(limits, "first", CROWD);
    int answered = 0;
    for (int i = 0; i < 5_000; i++) {
      QuotaException over = open(limits, i, CROWD);
      answered += over != null && !over.closesAtOnce ? 1 : 0;
      limits.onClosed(i);
    }
    assertThat(answered).isEqualTo(AddressLimits.ANSWERED_PER_SECOND * TokenBuckets.BURST_SECONDS);
  }

  @Test
  void waitsAndSetsHaveARateEach() throws Exception {
    AddressLimits limits = new AddressLimits(new Most(0, 0, 2, 1), now);
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
    AddressLimits limits = new AddressLimits(new Most(0, 0, 1, 1), now);
    limits.takeWaits(CROWD, 10, now);
    limits.takeSets(CROWD, 10, now);
    limits.take(new Most(0, 0, 1, 0), now);
    assertThatThrownBy(() -> limits.takeWaits(CROWD, 1, now)).isInstanceOf(QuotaException.class);
    limits.takeSets(CROWD, 1_000, now);
    limits.take(new Most(1, 0, 3, 0), now);
    limits.takeWaits(CROWD, 30, now);
    assertThat(opened(limits, CROWD, 5)).isEqualTo(1);
  }

  private @Nullable QuotaException open(AddressLimits limits, Object connection, Long address) {
    return limits.onOpen(connection, address, now);
  }

  private int opened(AddressLimits limits, Long address, int asked) {
    int opened = 0;
    for (int i = 0; i < asked; i++) {
      opened += open(limits, new Object(), address) == null ? 1 : 0;
    }
    return opened;
  }
}
