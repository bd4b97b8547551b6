package doorbell.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpLoopTest {
  /** An odd step: all days, months and hours come by, leap days and years' ends too. */
  private static final long STEP_SECONDS = 40_009;

  private static final long YEARS_SECONDS = 5L * 366 * 24 * 3_600;

  @ParameterizedTest
  @ValueSource(strings = {"1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "2026-02-01T09:08:07Z"})
  void theDateIsAsTheJdkWritesIt(Instant from) {
    DateTimeFormatter imfFixdate =
        DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);
    for (long later = 0; later < YEARS_SECONDS; later += STEP_SECONDS) {
      Instant time = from.plusSeconds(later);
      String field = HttpLoop.date(time.getEpochSecond());
      assertThat(field).isEqualTo(imfFixdate.format(time));
    }
  }
}
