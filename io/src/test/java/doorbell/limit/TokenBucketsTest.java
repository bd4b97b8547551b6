package doorbell.limit;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Token buckets, by a clock that is moved by hand. */
class TokenBucketsTest {
  private static final long START = Long.MIN_VALUE / 2;
  private static final long KEY = 22482;
  private static final int BURST = TokenBuckets.BURST_SECONDS;

  private long now = START;

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 100, 1_000_000})
  void aFullBucketHasTheTokensOfTenSecondsAndGetsThemBackAtItsRate(int perSecond) {
    TokenBuckets buckets = new TokenBuckets(perSecond, now);
    for (int round = 0; round < 3; round++) {
      assertThat(taken(buckets, KEY, BURST * perSecond)).isEqualTo(BURST * perSecond);
      now += SECONDS.toNanos(1);
      assertThat(taken(buckets, KEY, 2 * perSecond)).isEqualTo(perSecond);
      now += SECONDS.toNanos(1_000);
    }
  }

  @Test
  void aBucketIsNeverMoreThanFull() {
    TokenBuckets buckets = new TokenBuckets(5, now);
    now += SECONDS.toNanos(1_000_000);
    assertThat(taken(buckets, KEY, 1_000)).isEqualTo(BURST * 5);
  }

  @Test
  void aRefusalTakesNothingAndTellsWhenThereIsEnough() {
    TokenBuckets buckets = new TokenBuckets(2, now);
    assertThat(buckets.take(KEY, 15, now)).isZero();
    assertThat(buckets.take(KEY, 7, now)).isEqualTo(SECONDS.toNanos(1));
    assertThat(buckets.take(KEY, 7, now)).isEqualTo(SECONDS.toNanos(1));
    assertThat(buckets.take(KEY, 5, now)).isZero();
    now += MILLISECONDS.toNanos(3_499);
    assertThat(buckets.take(KEY, 7, now)).isEqualTo(MILLISECONDS.toNanos(1));
    now += MILLISECONDS.toNanos(1);
    assertThat(buckets.take(KEY, 7, now)).isZero();
  }

  @Test
  void moreThanABucketHoldsIsTakenFromAFullOneWhichThenOwesIt() {
    TokenBuckets buckets = new TokenBuckets(10, now);
    assertThat(buckets.take(KEY, 10_000, now)).isZero();
    assertThat(buckets.take(KEY, 1, now)).isPositive();
    now += SECONDS.toNanos(990);
    assertThat(buckets.take(KEY, 1, now)).isPositive();
    now += MILLISECONDS.toNanos(100);
    assertThat(buckets.take(KEY, 1, now)).isZero();
    assertThat(buckets.take(KEY, 10_000, now)).isPositive();
  }

  @Test
  void anotherKeyHasABucketOfItsOwn() {
    TokenBuckets buckets = new TokenBuckets(1, now);
    for (long key = -200; key < 200; key++) {
      assertThat(taken(buckets, key, 100)).as("%s", key).isEqualTo(BURST);
    }
  }

  /** A /32 of IPv6 has 2^32 keys: the memory stays, and nobody who did little is refused. */
  @Test
  void aCrowdOfKeysTakesNoMoreMemoryAndHasNobodyElseRefused() {
    TokenBuckets buckets = new TokenBuckets(1, now);
    Random random = new Random(1);
    for (int honest = 0; honest < 100; honest++) {
      for (int i = 0; i < 5_000; i++) {
        taken(buckets, random.nextLong(), BURST);
      }
      assertThat(buckets.take(KEY, 1, now)).as("at %s", honest).isZero();
      now += SECONDS.toNanos(1);
    }
  }

  @Test
  void theBucketThatOwesMostIsNotForgottenForOthersThatOweLittle() {
    TokenBuckets buckets = new TokenBuckets(1, now);
    assertThat(buckets.take(KEY, 10_000, now)).isZero();
    for (long key = 1_000_000; key < 1_200_000; key++) {
      assertThat(buckets.take(key, 1, now)).isZero();
    }
    assertThat(buckets.take(KEY, 1, now)).isPositive();
  }

  @Test
  void anyNumberOfThreadsTakesNoMoreThanThereIs() throws Exception {
    TokenBuckets buckets = new TokenBuckets(100, now);
    List<Future<Integer>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int thread = 0; thread < 4; thread++) {
        all.add(threads.submit(() -> taken(buckets, KEY, 1_000)));
      }
    }
    int sum = 0;
    for (Future<Integer> one : all) {
      sum += one.get();
    }
    assertThat(sum).isEqualTo(BURST * 100);
  }

  /** How many of so many tokens are there, each asked for alone. */
  private int taken(TokenBuckets buckets, long key, int asked) {
    int taken = 0;
    for (int i = 0; i < asked; i++) {
      taken += buckets.take(key, 1, now) == 0 ? 1 : 0;
    }
    return taken;
  }
}
