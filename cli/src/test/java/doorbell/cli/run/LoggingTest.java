package doorbell.cli.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class LoggingTest {
  private final PrintStream stderr = System.err;
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private final Logging logging = new Logging();
  private final LoggerContext context = (LoggerContext) logging.getLoggerFactory();

  @BeforeEach
  void listen() {
    System.setErr(new PrintStream(err, true, UTF_8));
  }

  @AfterEach
  void restore() {
    Logging.choose(Logging.Format.TEXT);
    System.setErr(stderr);
  }

  @Test
  void aProgramReadsAnObjectInEachLineAlsoAfterTheFirstLogger() {
    logging.initialize();
    Logging.choose(Logging.Format.JSON);
    Logger log = context.getLogger("doorbell.store.Database");
    log.error("can't write to \"{}\"", "there", new IllegalStateException("full"));
    log.info("done");
    assertThat(err.toString(UTF_8).lines())
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .startsWith("{")
                    .endsWith("}")
                    .contains("\"level\":\"ERROR\"", "\"timestamp\":1")
                    .contains("can't write to \\\"there\\\"", "IllegalStateException", "full"),
            line -> assertThat(line).contains("\"level\":\"INFO\"", "\"done\""));
  }

  @Test
  void whatIsLoggedIsALineWithItsTimeAndLevel() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      Logging.write(context, Logging.Format.TEXT);
      context.getLogger("doorbell.store.Database").info("{} and {}", "one", 2);
    } finally {
      Locale.setDefault(before);
    }
    assertThat(err.toString(UTF_8))
        .matches(
            "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-][0-9:]+) INFO  one and 2\n");
  }

  @Test
  void aFailureIsToldWithItsStack() {
    Logging.write(context, Logging.Format.TEXT);
    Logger log = context.getLogger("doorbell.store.Database");
    log.error("can't write to {}", "there", new IllegalStateException("full"));
    assertThat(err.toString(UTF_8))
        .contains("ERROR can't write to there\njava.lang.IllegalStateException: full\n\tat ");
  }

  @Test
  void detailsAreLeftOutAndNettyOnlyWarns() {
    Logging.write(context, Logging.Format.TEXT);
    context.getLogger("doorbell.io.IoLoop").debug("a detail");
    context.getLogger("io.netty.util.Recycler").info("a setting");
    assertThat(err.toString(UTF_8)).isEmpty();
    context.getLogger("io.netty.util.Recycler").warn("a fault");
    assertThat(err.toString(UTF_8)).endsWith(" WARN  a fault\n");
  }
}
