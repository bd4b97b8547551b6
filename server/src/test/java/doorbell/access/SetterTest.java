package doorbell.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.access.AccessException.Reason;
import doorbell.access.Setter.Quotas;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Quotas of a name, with the clock in hand. */
class SetterTest {
  private static final long REMEMBER = TimeUnit.HOURS.toNanos(24);

  private long now = -5_000_000_000L;

  private Setter setter(int perSecond, int remembered) {
    return new Setter("shop", new Quotas(perSecond, remembered), REMEMBER, () -> now);
  }

  @Test
  void withoutQuotasThereIsAlwaysRoom() throws AccessException {
    Setter free = setter(0, 0);
    for (int i = 0; i < 10_000; i++) {
      take(free, 10_000);
    }
    assertThat(free.remembered()).isEqualTo(100_000_000);
  }

  @Test
  void theSetsOfASecondAreTakenAtOnceAndThenComeIn() throws AccessException {
    Setter shop = setter(10, 0);
    acquire(shop, 10);
    isTooFast(shop, 1);
    now += 100_000_000;
    take(shop, 1);
    isTooFast(shop, 1);
    now += 60_000_000_000L;
    acquire(shop, 10);
    isTooFast(shop, 1);
    assertThat(shop.tooFast.sum()).isEqualTo(3);
    assertThat(shop.tooMany.sum()).isZero();
  }

  @Test
  void aListMayBeLongerThanASecondAllowsAndIsPaidForAfterwards() throws AccessException {
    Setter shop = setter(100, 0);
    take(shop, 10_000);
    isTooFast(shop, 100);
    now += TimeUnit.SECONDS.toNanos(99);
    isTooFast(shop, 1);
    now += TimeUnit.MILLISECONDS.toNanos(11);
    take(shop, 1);
  }

  @Test
  void rememberedSetsAreCountedUntilTheyAreForgotten() throws AccessException {
    Setter shop = setter(0, 10);
    acquire(shop, 6);
    now += REMEMBER / 2;
    take(shop, 4);
    isFull(shop);
    now += REMEMBER / 2 - 1;
    isFull(shop);
    now += REMEMBER / 24 + 1;
    assertThat(shop.remembered()).isEqualTo(4);
    acquire(shop, 6);
    isFull(shop);
    now += 2 * REMEMBER;
    assertThat(shop.remembered()).isZero();
    acquire(shop, 10);
    assertThat(shop.tooMany.sum()).isEqualTo(3);
  }

  @Test
  void aSetThatWasNotTheFirstOrFailedIsNotRemembered() throws AccessException {
    Setter shop = setter(0, 3);
    take(shop, 3);
    shop.onStored(true, null);
    shop.onStored(false, null);
    shop.onStored(null, new IllegalStateException());
    assertThat(shop.remembered()).isEqualTo(1);
    assertThat(shop.first.sum()).isEqualTo(1);
    assertThat(shop.already.sum()).isEqualTo(1);
    assertThat(shop.failed.sum()).isEqualTo(1);
    take(shop, 2);
  }

  @Test
  void whatIsRefusedForItsSpeedTakesNoRoom() throws AccessException {
    Setter shop = setter(1, 2);
    take(shop, 1);
    isTooFast(shop, 1);
    assertThat(shop.remembered()).isEqualTo(1);
  }

  @Test
  void theTimeToWaitIsUntilTheOldestAreForgotten() throws AccessException {
    Setter shop = setter(0, 1);
    take(shop, 1);
    now += REMEMBER / 2;
    assertThatThrownBy(() -> take(shop, 1))
        .isInstanceOfSatisfying(
            AccessException.class,
            e -> assertThat(e.retrySeconds).isBetween(43_200, 43_200 + 3_601));
  }

  @Test
  void aSetGivenBackInTheNextSlotLeavesTheSumRight() throws AccessException {
    Setter shop = setter(0, 2);
    acquire(shop, 2);
    now += REMEMBER / 24;
    shop.onStored(false, null);
    assertThat(shop.remembered()).isEqualTo(1);
    now += REMEMBER;
    assertThat(shop.remembered()).isZero();
    now += REMEMBER;
    assertThat(shop.remembered()).isZero();
  }

  @Test
  void otherQuotasCountFromNowOn() throws AccessException {
    Setter shop = setter(0, 1);
    take(shop, 1);
    isFull(shop);
    shop.limit(new Quotas(0, 2));
    take(shop, 1);
    shop.limit(new Quotas(0, 0));
    acquire(shop, 100);
  }

  @Test
  void whatIsSetAlreadyNeedsNoRoom() throws AccessException {
    Setter shop = setter(0, 3);
    take(shop, 2);
    assertThat(shop.acquire(4)).isFalse();
    shop.acquire(4, 1);
    for (int i = 0; i < 3; i++) {
      shop.onStored(false, null);
    }
    assertThat(shop.remembered()).isEqualTo(3);
    shop.acquire(100, 0);
    assertThatThrownBy(() -> shop.acquire(2, 1)).hasMessageContaining("remembered at a time");
  }

  @Test
  void whatIsRefusedForItsRoomDoesNotCountForItsSecond() throws AccessException {
    Setter shop = setter(10, 10);
    take(shop, 5);
    now += TimeUnit.SECONDS.toNanos(1);
    for (int i = 0; i < 20; i++) {
      isFull(shop, 8);
    }
    take(shop, 5);
  }

  private static void acquire(Setter setter, int sets) throws AccessException {
    for (int i = 0; i < sets; i++) {
      take(setter, 1);
    }
  }

  /** Takes room for sets that are all new. */
  private static void take(Setter setter, int sets) throws AccessException {
    if (!setter.acquire(sets)) {
      setter.acquire(sets, sets);
    }
  }

  private static void isTooFast(Setter setter, int retrySeconds) {
    refuses(setter, 1, "events in a second", retrySeconds);
  }

  private static void isFull(Setter setter) {
    isFull(setter, 1);
  }

  private static void isFull(Setter setter, int sets) {
    refuses(setter, sets, "remembered at a time", 0);
  }

  private static void refuses(Setter setter, int sets, String why, int retrySeconds) {
    assertThatThrownBy(() -> take(setter, sets))
        .hasMessageContaining(why)
        .isInstanceOfSatisfying(
            AccessException.class,
            e -> {
              assertThat(e.reason).isEqualTo(Reason.QUOTA);
              assertThat(e.retrySeconds).isPositive();
              if (retrySeconds > 0) {
                assertThat(e.retrySeconds).isEqualTo(retrySeconds);
              }
            });
  }
}
