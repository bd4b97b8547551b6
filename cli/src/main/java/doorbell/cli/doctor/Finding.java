package doorbell.cli.doctor;

import doorbell.cli.doctor.WebServer.Trouble;
import doorbell.cli.run.Verdict;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a check found: a line of the report.
 *
 * @param cures what to do about a cross, a sentence each
 * @param trouble what a web server is set up wrong in; null if the cross concerns none
 */
record Finding(
    Check check, Verdict verdict, String text, List<String> cures, @Nullable Trouble trouble) {

  /** What a check looks at, in the order of the report. */
  enum Check {
    NAME("name"),
    REACHED("reached"),
    TLS("TLS"),
    NODE("node"),
    CLOCK("clock"),
    HTTP("HTTP"),
    CORS("CORS"),
    CACHE("cache"),
    SET("set"),
    STREAM("stream"),
    WEBSOCKET("WebSocket"),
    HOPS("hops"),
    SILENCE("silence");

    final String label;

    Check(String label) {
      this.label = label;
    }

    Finding well(String text) {
      return new Finding(this, Verdict.GOOD, text, List.of(), null);
    }

    Finding untried(String why) {
      return new Finding(this, Verdict.NEITHER, why, List.of(), null);
    }

    Finding cross(String text, String... cures) {
      return new Finding(this, Verdict.BAD, text, List.of(cures), null);
    }

    /** A cross whose first cure is that of the trouble, as the web server writes it. */
    Finding cross(Trouble trouble, String text, String... cures) {
      return new Finding(this, Verdict.BAD, text, List.of(cures), trouble);
    }
  }

  boolean isCross() {
    return verdict == Verdict.BAD;
  }

  /** The time of a cut, which is somebody's round number and a little more. */
  static String whole(Duration cut) {
    return cut.toMillis() < 1_500
        ? time(cut)
        : time(Duration.ofSeconds(cut.plusMillis(500).toSeconds()));
  }

  /** A time as people say it: {@code 12 ms}, {@code 4.5 s}, {@code 3 min}, {@code 71 days}. */
  static String time(Duration time) {
    double seconds = time.toMillis() / 1e3;
    if (seconds < 1) {
      return time.toMillis() + " ms";
    }
    if (seconds < 10) {
      return (Math.round(seconds * 10) / 10.0 + " s").replace(".0 s", " s");
    }
    if (seconds < 120) {
      return Math.round(seconds) + " s";
    }
    if (seconds < 7_200) {
      return Math.round(seconds / 60) + " min";
    }
    return seconds < 172_800
        ? Math.round(seconds / 3_600) + " hours"
        : Math.round(seconds / 86_400) + " days";
  }
}
