package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class LoggingTest {
  private final PrintStream stderr = System.err;
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void listen() {
    System.setErr(new PrintStream(err, true, UTF_8));
  }

  @AfterEach
  void restore() {
    System.setErr(stderr);
  }

  @Test
  void whatIsLoggedIsALineWithItsTimeAndLevel() {
    LoggerFactory.getLogger("doorbell.store.Database").info("{} and {}", "one", 2);
    assertThat(err.toString(UTF_8))
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:[0-9.]+)?(Z|[+-][0-9:]+) INFO  one and 2\n");
  }

  @Test
  void aFailureIsToldWithItsStack() {
    Logger log = LoggerFactory.getLogger("doorbell.store.Database");
    log.error("can't write to {}", "there", new IllegalStateException("full"));
    assertThat(err.toString(UTF_8))
        .contains("ERROR can't write to there\njava.lang.IllegalStateException: full\n\tat ");
  }

  @Test
  void detailsAreLeftOutAndNettyOnlyWarns() {
    LoggerFactory.getLogger("doorbell.io.IoLoop").debug("a detail");
    LoggerFactory.getLogger("io.netty.util.Recycler").info("a setting");
    assertThat(err.toString(UTF_8)).isEmpty();
    LoggerFactory.getLogger("io.netty.util.Recycler").warn("a fault");
    assertThat(err.toString(UTF_8)).endsWith(" WARN  a fault\n");
  }
}
