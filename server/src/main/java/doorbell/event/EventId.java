package doorbell.event;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The id of an event variable. Two ids are equal if both name the same variable: a UUID and its
 * decimal value are equal, {@code 007} and {@code 7} are, a sealed id and a number never are.
 */
public sealed interface EventId {

  /** A 128-bit number: {@code high * 2^64 + low}, both halves unsigned. */
  record Plain(long high, long low) implements EventId {
    @Override
    public int words() {
      return 2;
    }

    @Override
    public long word(int index) {
      return index == 0 ? high : low;
    }

    /** The length of the number in bits: 0 to 128. */
    public int bits() {
      int zeros =
          high == 0 ? Long.SIZE + Long.numberOfLeadingZeros(low) : Long.numberOfLeadingZeros(high);
      return 2 * Long.SIZE - zeros;
    }

    /**
     * Equality is written out, since the first call of a record's own equality takes longer than a
     * set.
     */
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Plain plain && high == plain.high && low == plain.low;
    }

    @Override
    public int hashCode() {
      return Seed.mix(high * Seed.A + low * Seed.B + Seed.C);
    }

    @Override
    public boolean isWrittenAs(String text) {
      return text.charAt(0) == '0' ? text.length() == 1 : text.indexOf('-') < 0;
    }

    /** Decimal, without leading zeros. */
    @Override
    public String toString() {
      return high == 0 && low >= 0 ? Long.toString(low) : decimal();
    }

    /** Divides, as on paper, by the largest power of ten that leaves room for 32 bits more. */
    private String decimal() {
      long[] quotient = {high >>> 32, high & 0xFFFFFFFFL, low >>> 32, low & 0xFFFFFFFFL};
      byte[] digits = new byte[MAX_DIGITS];
      int first = MAX_DIGITS;
      for (int at = MAX_DIGITS; at > 0; ) {
        long rest = 0;
        for (int i = 0; i < quotient.length; i++) {
          long part = rest << 32 | quotient[i];
          quotient[i] = part / 1_000_000_000;
          rest = part % 1_000_000_000;
        }
        for (int end = Math.max(0, at - 9); at > end; rest /= 10) {
          digits[--at] = (byte) ('0' + rest % 10);
          first = rest == 0 ? first : at;
        }
      }
      return new String(digits, first, MAX_DIGITS - first, StandardCharsets.US_ASCII);
    }
  }

  /** The SHA-256 of the key that sets the event, as four big-endian words. */
  record Sealed(long a, long b, long c, long d) implements EventId {
    static Sealed ofBytes(byte[] hash) {
      ByteBuffer words = ByteBuffer.wrap(hash);
      return new Sealed(words.getLong(), words.getLong(), words.getLong(), words.getLong());
    }

    /** True if {@code key} (1 to 128 printable ASCII characters, no spaces) is this id's key. */
    public boolean isOpenedBy(String key) {
      return EventId.isKey(key)
          && Arrays.equals(bytes(), sha256(key.getBytes(StandardCharsets.US_ASCII)));
    }

    @Override
    public int words() {
      return 4;
    }

    @Override
    public long word(int index) {
      return switch (index) {
        case 0 -> a;
        case 1 -> b;
        case 2 -> c;
        default -> d;
      };
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Sealed o && a == o.a && b == o.b && c == o.c && d == o.d;
    }

    @Override
    public int hashCode() {
      return Seed.mix(a * Seed.A + b * Seed.B + c * Seed.D + d * Seed.E + Seed.C);
    }

    @Override
    public boolean isWrittenAs(String text) {
      return text.equals(toString());
    }

    /** Hex digits in lower case. */
    @Override
    public String toString() {
      return HexFormat.of().formatHex(bytes());
    }
  }

  /** Number of words: two for a number, four for a sealed id. No two ids share all words. */
  int words();

  /** The word at {@code index}, the most significant first. */
  long word(int index);

  /** True if {@code text}, which {@link #parse} made this id of, is equal to {@code toString()}. */
  boolean isWrittenAs(String text);

  /** The id's words as bytes, big-endian. */
  default byte[] bytes() {
    ByteBuffer bytes = ByteBuffer.allocate(words() * Long.BYTES);
    for (int i = 0; i < words(); i++) {
      bytes.putLong(word(i));
    }
    return bytes.array();
  }

  /** The id that has these {@code count} words. */
  static EventId ofWords(long[] words, int from, int count) {
    return count == 2
        ? new Plain(words[from], words[from + 1])
        : new Sealed(words[from], words[from + 1], words[from + 2], words[from + 3]);
  }

  /**
   * Reads an id: 1 to 39 decimal digits below 2^128, a UUID (8-4-4-4-12 hex digits), or 64 hex
   * digits, a sealed id.
   *
   * @throws IllegalArgumentException if the text is no id, with one sentence that says the rule
   */
  static EventId parse(String text) {
    return switch (text.length()) {
      case 0 -> throw new IllegalArgumentException("an id is empty; write a number, e.g. /22482");
      case UUID_LENGTH -> text.indexOf('-') >= 0 ? uuid(text) : number(text);
      case SEALED_LENGTH -> sealed(text);
      default -> number(text);
    };
  }

  /** True if {@code key} is 1 to 128 printable ASCII characters without a space. */
  static boolean isKey(String key) {
    return !key.isEmpty()
        && key.length() <= MAX_KEY_LENGTH
        && key.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  int MAX_DIGITS = 39;
  int UUID_LENGTH = 36;
  int SEALED_LENGTH = 64;
  int MAX_KEY_LENGTH = 128;

  private static EventId number(String text) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        throw new IllegalArgumentException(
            "an id is a decimal number, a UUID or 64 hex digits; this one is none of them");
      }
    }
    if (length > MAX_DIGITS) {
      throw new IllegalArgumentException("a number has at most 39 digits; this one has " + length);
    }
    return value(text);
  }

  private static EventId value(String digits) {
    long high = 0;
    long low = 0;
    for (int i = 0; i < digits.length(); i++) {
      long carry = Math.unsignedMultiplyHigh(low, 10);
      if (Math.unsignedMultiplyHigh(high, 10) != 0) {
        throw tooLarge();
      }
      long product = low * 10;
      low = product + (digits.charAt(i) - '0');
      carry += Long.compareUnsigned(low, product) < 0 ? 1 : 0;
      long shifted = high * 10;
      high = shifted + carry;
      if (Long.compareUnsigned(high, shifted) < 0) {
        throw tooLarge();
      }
    }
    return new Plain(high, low);
  }

  private static IllegalArgumentException tooLarge() {
    return new IllegalArgumentException("a number is below 2^128; this one is not");
  }

  private static EventId uuid(String text) {
    for (int i = 0; i < UUID_LENGTH; i++) {
      boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (dash ? text.charAt(i) != '-' : !HexFormat.isHexDigit(text.charAt(i))) {
        throw new IllegalArgumentException("a UUID has 8-4-4-4-12 hex digits; this one has not");
      }
    }
    String hex = text.replace("-", "");
    return new Plain(
        HexFormat.fromHexDigitsToLong(hex, 0, 16), HexFormat.fromHexDigitsToLong(hex, 16, 32));
  }

  private static EventId sealed(String text) {
    if (!text.chars().allMatch(HexFormat::isHexDigit)) {
      throw new IllegalArgumentException("a sealed id has 64 hex digits; this one has others");
    }
    return Sealed.ofBytes(HexFormat.of().parseHex(text));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** Secret odd factors for hashes, since strangers choose ids and could aim at a bin. */
  final class Seed {
    private static final ByteBuffer RANDOM = ByteBuffer.wrap(random(5 * Long.BYTES));
    static final long A = RANDOM.getLong() | 1;
    static final long B = RANDOM.getLong() | 1;
    static final long C = RANDOM.getLong();
    static final long D = RANDOM.getLong() | 1;
    static final long E = RANDOM.getLong() | 1;

    private Seed() {}

    /**
     * Mixes the upper half until all bits depend on all: else ids that differ in few bits would
     * have hashes that differ in few bits, and tables look at some bits only. The steps are from
     * MurmurHash3.
     */
    static int mix(long sum) {
      int hash = (int) (sum >>> 32);
      hash = (hash ^ hash >>> 16) * 0x85EBCA6B;
      hash = (hash ^ hash >>> 13) * 0xC2B2AE35;
      return hash ^ hash >>> 16;
    }

    /** Random bytes of the system: the search for a provider would hold up the first request. */
    private static byte[] random(int count) {
      try (InputStream in = new FileInputStream("/dev/urandom")) {
        return in.readNBytes(count);
      } catch (IOException e) {
        return new SecureRandom().generateSeed(count);
      }
    }
  }
}
