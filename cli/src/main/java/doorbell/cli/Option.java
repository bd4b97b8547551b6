package doorbell.cli;

import org.jspecify.annotations.Nullable;

/**
 * An option or operand of a command: {@code --name=LABEL}, or {@code --name} alone if there is no
 * label.
 *
 * @param fallback the value by default; null if there is none
 */
record Option(String name, String label, @Nullable String fallback, String description) {
  static Option of(String name, String label, String description) {
    return new Option(name, label, null, description);
  }

  static Option flag(String name, String description) {
    return new Option(name, "", null, description);
  }

  Option or(String value) {
    return new Option(name, label, value, description);
  }

  boolean isFlag() {
    return label.isEmpty();
  }
}
