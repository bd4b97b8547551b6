package doorbell.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.AbstractQueue;
import java.util.Collections;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.SubstituteLoggingEvent;
import org.slf4j.helpers.MessageFormatter;

/** A log queue for SLF4J that keeps nothing, and writes each log event as a line at once. */
final class LogLines extends AbstractQueue<SubstituteLoggingEvent> {
  @Override
  public boolean offer(SubstituteLoggingEvent event) {
    System.err.print(line(event));
    return true;
  }

  private static String line(SubstituteLoggingEvent event) {
    String time = OffsetDateTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.MILLIS) + "";
    String message =
        MessageFormatter.basicArrayFormat(event.getMessage(), event.getArgumentArray());
    StringWriter line = new StringWriter();
    line.append("%s %-5s %s%n".formatted(time, event.getLevel(), message));
    Throwable thrown = event.getThrowable();
    if (thrown != null) {
      thrown.printStackTrace(new PrintWriter(line, true));
    }
    return line.toString();
  }

  @Override
  public @Nullable SubstituteLoggingEvent poll() {
    return null;
  }

  @Override
  public @Nullable SubstituteLoggingEvent peek() {
    return null;
  }

  @Override
  public Iterator<SubstituteLoggingEvent> iterator() {
    return Collections.emptyIterator();
  }

  @Override
  public int size() {
    return 0;
  }
}
