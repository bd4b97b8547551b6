package doorbell.cli;

import java.util.Queue;
import org.slf4j.event.EventRecordingLogger;
import org.slf4j.event.SubstituteLoggingEvent;
import org.slf4j.helpers.SubstituteLogger;

/** A logger from INFO on; for Netty, which logs much, from WARN on. */
final class StderrLogger extends EventRecordingLogger {
  private static final long serialVersionUID = 1;

  private final boolean tellsInfo;

  StderrLogger(String name, Queue<SubstituteLoggingEvent> lines) {
    super(new SubstituteLogger(name, lines, true), lines);
    this.tellsInfo = !name.startsWith("io.netty.");
  }

  @Override
  public boolean isTraceEnabled() {
    return false;
  }

  @Override
  public boolean isDebugEnabled() {
    return false;
  }

  @Override
  public boolean isInfoEnabled() {
    return tellsInfo;
  }
}
