package doorbell.client;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The id of an event variable. Two ids are equal if both name the same variable: leading zeros
 * don't matter, nor does the case of hex digits, and a UUID is the same 128-bit number as the
 * UUID's decimal text. Immutable.
 */
public final class EventId {
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,39}");
  private static final Pattern UUID_TEXT =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final Pattern SEALED = Pattern.compile("[0-9a-fA-F]{64}");
  private static final int NUMBER_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String text;
  private final BigInteger value;
  private final boolean sealed;

  private EventId(String text, BigInteger value, boolean sealed) {
    this.text = text;
    this.value = value;
    this.sealed = sealed;
  }

  /**
   * The id of that text.
   *
   * @param text 1 to 39 decimal digits below 2^128, a UUID (8-4-4-4-12 hex digits), or 64 hex
   *     digits (a sealed id)
   * @throws IllegalArgumentException if the text is none of these
   */
  public static EventId of(String text) {
    present(text);
    if (SEALED.matcher(text).matches()) {
      return new EventId(text, new BigInteger(text, 16), true);
    }
    if (UUID_TEXT.matcher(text).matches()) {
      return new EventId(text, new BigInteger(text.replace("-", ""), 16), false);
    }
    if (NUMBER.matcher(text).matches()) {
      BigInteger number = new BigInteger(text);
      if (number.bitLength() <= NUMBER_BITS) {
        return new EventId(text, number, false);
      }
    }
    throw new IllegalArgumentException(
        "\""
            + shortened(text)
            + "\" is not a valid event id, which is a decimal number below 2^128, a UUID or 64 hex"
            + " digits");
  }

  /**
   * The id of that number.
   *
   * @throws IllegalArgumentException if the number is negative
   */
  public static EventId of(long number) {
    return of(Long.toString(number));
  }

  /** The id of that UUID: the UUID's 128 bits as a number. */
  public static EventId of(UUID uuid) {
    return of(present(uuid).toString());
  }

  /** A fresh id of 128 random bits: nobody else picks the same id, and nobody guesses an id. */
  public static EventId random() {
    return of(new BigInteger(NUMBER_BITS, RANDOM).toString());
  }

  /** The id as given, for use in a URL. */
  public String text() {
    return text;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof EventId that && sealed == that.sealed && value.equals(that.value);
  }

  @Override
  public int hashCode() {
    return Objects.hash(value, sealed);
  }

  @Override
  public String toString() {
    return text;
  }

  /**
   * The same id, unless a caller without null checks passes null or an empty text.
   *
   * @throws IllegalArgumentException if the id is null or an empty text
   */
  static <T> T present(@Nullable T id) {
    if (id == null || id.equals("")) {
      throw new IllegalArgumentException(
          (id == null ? "null" : "An empty text")
              + " is not a valid event id: did the answer name one?");
    }
    return id;
  }

  private static String shortened(String text) {
    String start = text.length() <= 80 ? text : text.substring(0, 80) + "…";
    return start.replaceAll("\\p{Cntrl}", "?");
  }
}
