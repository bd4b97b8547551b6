package doorbell;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An option of a node or of a command: one row of a table.
 *
 * @param <T> the type of its values
 * @param name in lower case, with hyphens between its words
 * @param usual makes the default, written as a user would write the value; null if there is none
 * @param help a sentence or two
 */
public record Option<T>(
    String name,
    OptionType<T> type,
    @Nullable Supplier<String> usual,
    Check<? super T> check,
    String help) {

  /** A bound of a value: beyond is an {@link IllegalArgumentException} with one sentence. */
  @FunctionalInterface
  public interface Check<T> {
    /** Refuses a value beyond the bound; {@code name} is the option's, for the sentence. */
    void check(String name, T value);

    /** The bound in words; empty where the help says it. */
    default String text() {
      return "";
    }
  }

  /** An option without default or bound. */
  public static <T> Option<T> of(String name, OptionType<T> type, String help) {
    return new Option<>(name, type, null, (any, value) -> {}, help);
  }

  /** The same option with a default, written as a user would write the value. */
  public Option<T> or(String text) {
    return or(() -> text);
  }

  /** The same option with a default that is made when it is asked for. */
  public Option<T> or(Supplier<String> text) {
    return new Option<>(name, type, text, check, help);
  }

  /** The same option with a bound. */
  public Option<T> that(Check<? super T> bound) {
    return new Option<>(name, type, usual, bound, help);
  }

  /** The bound of values from {@code least} to {@code most}, ends included. */
  public static <C extends Comparable<C>> Check<C> between(C least, C most) {
    return new Check<>() {
      @Override
      public void check(String name, C value) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
          throw new IllegalArgumentException(
              name + " is between " + text() + ", not " + Option.text(value));
        }
      }

      @Override
      public String text() {
        return Option.text(least) + " and " + Option.text(most);
      }
    };
  }

  private static String text(Object value) {
    return value instanceof Duration duration
        ? BigDecimal.valueOf(duration.toMillis(), 3).stripTrailingZeros().toPlainString() + " s"
        : "" + value;
  }

  /** The default, written as a user would write the value; null if there is none. */
  public @Nullable String fallback() {
    return usual == null ? null : usual.get();
  }

  /** A word for a value in a help text; empty for a flag. */
  public String label() {
    return type.label();
  }

  /**
   * Reads a value, and leaves its bound to {@link Options#with}.
   *
   * @throws IllegalArgumentException with one sentence
   */
  public T parse(String text) {
    return requireNonNull(type.parser().apply(text));
  }
}
