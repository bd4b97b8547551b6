package doorbell.cli.run;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.CoreConstants;
import ch.qos.logback.core.LayoutBase;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Locale;
import java.util.TimeZone;
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
  private static Format format = Format.TEXT;

  private static Level level = Level.INFO;

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

  /** Has the log begin at a level from now on. */
  public static void level(org.slf4j.event.Level least) {
    level = Level.convertAnSLF4JLevel(least);
    if (inUse != null) {
      begin(inUse);
    }
  }

  private static void begin(LoggerContext context) {
    context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(level);
    context.getLogger("io.netty").setLevel(level == Level.ERROR ? level : Level.WARN);
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
    context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(appender);
    begin(context);
  }

  /** Makes the real appender for the first event: most starts log nothing. */
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
    Line layout = new Line();
    layout.setContext(context);
    layout.start();
    LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
    encoder.setContext(context);
    encoder.setLayout(layout);
    encoder.start();
    return encoder;
  }

  /**
   * A line with time, level and message, and a stack trace below it. Logback's own layout makes a
   * parser and a converter for each part, whose classes every start would load.
   *
   * <p>The time has the offset of this machine. Logback's own asks java.time for the zone's rules,
   * for which Java opens every jar, on the event loop that logs first.
   */
  private static final class Line extends LayoutBase<ILoggingEvent> {
    /** Three digits of a second in any case, for programs that read a fixed form. */
    private static final DateTimeFormatter TIME =
        new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .appendLiteral('T')
            .appendValue(ChronoField.HOUR_OF_DAY, 2)
            .appendLiteral(':')
            .appendValue(ChronoField.MINUTE_OF_HOUR, 2)
            .appendLiteral(':')
            .appendValue(ChronoField.SECOND_OF_MINUTE, 2)
            .appendFraction(ChronoField.MILLI_OF_SECOND, 3, 3, true)
            .appendOffsetId()
            .toFormatter(Locale.ROOT);

    private static final int LEVEL_WIDTH = 5;

    @Override
    public String doLayout(ILoggingEvent event) {
      String level = event.getLevel().toString();
      String padding = " ".repeat(Math.max(0, LEVEL_WIDTH - level.length()));
      IThrowableProxy thrown = event.getThrowableProxy();
      String stack = thrown == null ? "" : ThrowableProxyUtil.asString(thrown);
      return time(event.getTimeStamp())
          + " "
          + level
          + padding
          + " "
          + event.getFormattedMessage()
          + CoreConstants.LINE_SEPARATOR
          + stack;
    }

    private static String time(long millis) {
      int seconds = TimeZone.getDefault().getOffset(millis) / 1_000;
      ZoneOffset offset = ZoneOffset.ofTotalSeconds(seconds);
      return TIME.format(Instant.ofEpochMilli(millis).atOffset(offset));
    }
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
