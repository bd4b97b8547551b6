package doorbell.count;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HistogramTest {
  private static final int BUCKETS = 4;

  private final Histogram histogram = new Histogram(1_000, BUCKETS);

  @ParameterizedTest
  @CsvSource({
    "-5, 0",
    "0, 0",
    "1, 0",
    "1000, 0",
    "1001, 1",
    "2000, 1",
    "2001, 2",
    "4000, 2",
    "4001, 3",
    "8000, 3",
    "8001, 4",
    "999999999999999, 4"
  })
  void aTimeIsInTheFirstBucketThatHoldsIt(long nanos, int bucket) {
    histogram.record(nanos, 1);
    for (int i = 0; i <= BUCKETS; i++) {
      assertThat(histogram.count(i)).isEqualTo(i == bucket ? 1 : 0);
    }
    assertThat(histogram.bound(0)).isEqualTo(1_000);
    assertThat(bucket == BUCKETS || nanos <= histogram.bound(bucket)).isTrue();
  }

  @Test
  void manyThingsMayHaveTakenTheSameTime() {
    histogram.record(1_500, 3);
    histogram.record(10, 2);
    assertThat(histogram.count(1)).isEqualTo(3);
    assertThat(histogram.count(0)).isEqualTo(2);
    assertThat(histogram.sum()).isEqualTo(4_520);
  }
}
