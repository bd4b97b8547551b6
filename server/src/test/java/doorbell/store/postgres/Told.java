package doorbell.store.postgres;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.slf4j.LoggerFactory;

/** What a class has told the log since this began. */
final class Told implements AutoCloseable {
  private final Logger log;
  private final ListAppender<ILoggingEvent> heard = new ListAppender<>();

  Told(Class<?> who) {
    log = (Logger) LoggerFactory.getLogger(who);
    heard.start();
    log.addAppender(heard);
  }

  List<String> lines() {
    return heard.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Override
  public void close() {
    log.detachAppender(heard);
  }
}
