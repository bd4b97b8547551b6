package doorbell.http;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What a class logs while a test looks. */
public final class LogLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {
  private final List<String> messages = new CopyOnWriteArrayList<>();
  private final List<String> threads = new CopyOnWriteArrayList<>();
  private final Logger logger;

  private LogLines(Logger logger) {
    this.logger = logger;
  }

  /** Begins to look; close it. */
  public static LogLines of(Class<?> logging) {
    LogLines lines = new LogLines((Logger) LoggerFactory.getLogger(logging));
    lines.start();
    lines.logger.setLevel(Level.INFO);
    lines.logger.addAppender(lines);
    return lines;
  }

  public List<String> messages() {
    return messages;
  }

  /** The thread that logged each of the messages. */
  public List<String> threads() {
    return threads;
  }

  @Override
  protected void append(ILoggingEvent event) {
    threads.add(event.getThreadName());
    messages.add(event.getFormattedMessage());
  }

  @Override
  public void close() {
    logger.detachAppender(this);
    logger.setLevel(null);
  }
}
