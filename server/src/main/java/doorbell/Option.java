package doorbell;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An option of a node or of a command: one row of a table.
 *
 * @param <T> the type of its values
 * @param name in lower case, with hyphens between its words
 * @param usual makes the default, written as a user would write the value; null if there is none
 * @param words the default in words, where it depends on the machine; null elsewhere
 * @param help a sentence or two
 */
public record Option<T>(
    String name,
    OptionType<T> type,
    @Nullable Supplier<String> usual,
    @Nullable String words,
    Check<? super T> check,
    String help) {

  private record Unit(long size, String name) {}

  private static final List<Unit> TIMES =
      List.of(
          new Unit(86_400_000, "d"),
          new Unit(3_600_000, "h"),
          new Unit(60_000, "m"),
          new Unit(1_000, "s"),
          new Unit(1, "ms"));

  private static final List<Unit> SIZES =
      List.of(
          new Unit(1 << 30, "g"), new Unit(1 << 20, "m"), new Unit(1 << 10, "k"), new Unit(1, ""));

  /** A bound of a value: beyond is an {@link IllegalArgumentException} with one sentence. */
  @FunctionalInterface
  public interface Check<T> {
    /** Refuses a value beyond the bound; {@code name} is the option's, for the sentence. */
    void check(String name, T value);

    /** The bound in words; empty where the help says it. */
    default String text() {
      return "";
    }

    /** The same bound in other words, where {@link #text} would name a number of this machine. */
    default Check<T> told(String words) {
      Check<T> same = this;
      return new Check<>() {
        @Override
        public void check(String name, T value) {
          same.check(name, value);
        }

        @Override
        public String text() {
          return words;
        }
      };
    }
  }

  /** An option without default or bound. */
  public static <T> Option<T> of(String name, OptionType<T> type, String help) {
    return new Option<>(name, type, null, null, (any, value) -> {}, help);
  }

  /** The same option with a default, written as a user would write the value. */
  public Option<T> or(String text) {
    return new Option<>(name, type, () -> text, null, check, help);
  }

  /**
   * The same option with a default that depends on the machine: made when it is asked for, and in
   * words for a page that is read elsewhere.
   */
  public Option<T> or(Supplier<String> text, String inWords) {
    return new Option<>(name, type, text, inWords, check, help);
  }

  /** The same option with a bound. */
  public Option<T> that(Check<? super T> bound) {
    return new Option<>(name, type, usual, words, bound, help);
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

  /** A value as a user would write it, in the largest unit that leaves no fraction. */
  private static String text(Object value) {
    return switch (value) {
      case Duration time -> time.isZero() ? "0s" : whole(time.toMillis(), TIMES);
      case Long size -> size == 0 ? "0" : whole(size, SIZES);
      default -> "" + value;
    };
  }

  private static String whole(long number, List<Unit> units) {
    Unit unit = units.stream().filter(one -> number % one.size == 0).findFirst().orElseThrow();
    return number / unit.size + unit.name;
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
