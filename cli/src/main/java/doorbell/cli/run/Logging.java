package doorbell.cli.run;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * The log of a command: Logback, to standard error, from INFO on; Netty, which logs much, from WARN
 * on. Without a search for providers and for files of configuration, either of which would open
 * every jar at each start.
 */
public final class Logging implements SLF4JServiceProvider {
  private static final String LINES = "%date{\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\"} %-5level %msg%n%ex";

  private static Format format = Format.TEXT;

  /** The log in use; null before the first logger. */
  private static @Nullable LoggerContext inUse;

  private final LoggerContext context = new LoggerContext();
  private final IMarkerFactory markers = new BasicMarkerFactory();
  private final MDCAdapter diagnostics = new NOPMDCAdapter();

  /** How a log event is written. */
  public enum Format {
    /** A line with time and level; a stack trace in further lines. */
    TEXT,
    /** A JSON object in a line. */
    JSON
  }

  /** Has all logs written so from now on. Comes before the first logger, and perhaps again. */
  public static void choose(Format chosen) {
    format = chosen;
    if (inUse != null) {
      inUse.reset();
      write(inUse, format);
    }
    System.setProperty("slf4j.provider", Logging.class.getName());
    System.setProperty("slf4j.internal.verbosity", "WARN");
  }

  public Logging() {
    context.setMDCAdapter(diagnostics);
  }

  @Override
  public void initialize() {
    inUse = context;
    write(context, format);
  }

  static void write(LoggerContext context, Format format) {
    OnDemand appender = new OnDemand(format);
    appender.setContext(context);
    appender.start();
    Logger all = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    all.setLevel(Level.INFO);
    all.addAppender(appender);
    context.getLogger("io.netty").setLevel(Level.WARN);
  }

  /**
   * Makes the real appender for the first event: its format of the time needs the time zone's
   * rules, for which Java searches all jars.
   */
  private static final class OnDemand extends AppenderBase<ILoggingEvent> {
    private final Format format;
    private @Nullable ConsoleAppender<ILoggingEvent> stderr;

    OnDemand(Format format) {
      this.format = format;
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (stderr == null) {
        stderr = new ConsoleAppender<>();
        stderr.setContext(context);
        stderr.setTarget("System.err");
        LoggerContext loggers = (LoggerContext) context;
        stderr.setEncoder(format == Format.JSON ? json(loggers) : lines(loggers));
        stderr.start();
      }
      stderr.doAppend(event);
    }
  }

  private static Encoder<ILoggingEvent> lines(LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(LINES);
    encoder.start();
    return encoder;
  }

  private static Encoder<ILoggingEvent> json(LoggerContext context) {
    JsonEncoder encoder = new JsonEncoder();
    encoder.setContext(context);
    encoder.setWithFormattedMessage(true);
    encoder.setWithArguments(false);
    encoder.setWithContext(false);
    encoder.setWithMDC(false);
    encoder.setWithNanoseconds(false);
    encoder.setWithSequenceNumber(false);
    encoder.start();
    return encoder;
  }

  @Override
  public ILoggerFactory getLoggerFactory() {
    return context;
  }

  @Override
  public IMarkerFactory getMarkerFactory() {
    return markers;
  }

  @Override
  public MDCAdapter getMDCAdapter() {
    return diagnostics;
  }

  @Override
  public String getRequestedApiVersion() {
    return "2.0.99";
  }
}
