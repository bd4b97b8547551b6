package doorbell.cli;

import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/** The log provider: {@link StderrLogger} writes all log lines. Found by SLF4J. */
public final class Logging implements SLF4JServiceProvider {
  private @Nullable IMarkerFactory markers;

  /**
   * Spares SLF4J the search for this class, which would open every jar at each start. Comes before
   * the first logger.
   */
  static void choose() {
    System.setProperty("slf4j.provider", Logging.class.getName());
    System.setProperty("slf4j.internal.verbosity", "WARN");
  }

  @Override
  public ILoggerFactory getLoggerFactory() {
    LogLines lines = new LogLines();
    return name -> new StderrLogger(name, lines);
  }

  @Override
  public IMarkerFactory getMarkerFactory() {
    if (markers == null) {
      markers = new BasicMarkerFactory();
    }
    return markers;
  }

  @Override
  public MDCAdapter getMDCAdapter() {
    return new NOPMDCAdapter();
  }

  @Override
  public String getRequestedApiVersion() {
    return "2.0.99";
  }

  @Override
  public void initialize() {}
}
