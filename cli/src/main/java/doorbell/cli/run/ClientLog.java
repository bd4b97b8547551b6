package doorbell.cli.run;

import java.text.MessageFormat;
import java.util.Locale;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * A log that writes warnings of the client and the JDK to standard error, a line each; the JDK's
 * own logging would take two lines, and longer to begin. Found by the JDK.
 */
public final class ClientLog extends System.LoggerFinder {
  @Override
  public System.Logger getLogger(String name, Module module) {
    return new Lines(name);
  }

  private record Lines(String name) implements System.Logger {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      return level.getSeverity() >= Level.WARNING.getSeverity() && level != Level.OFF;
    }

    @Override
    public void log(
        Level level, @Nullable ResourceBundle none, String message, @Nullable Throwable thrown) {
      if (isLoggable(level)) {
        System.err.println("doorbell: " + message + (thrown == null ? "" : " (" + thrown + ")"));
      }
    }

    @Override
    public void log(
        Level level, @Nullable ResourceBundle none, String format, @Nullable Object... values) {
      if (isLoggable(level)) {
        boolean isPlain = values == null || values.length == 0;
        log(
            level,
            none,
            isPlain ? format : new MessageFormat(format, Locale.ROOT).format(values),
            (Throwable) null);
      }
    }
  }
}
