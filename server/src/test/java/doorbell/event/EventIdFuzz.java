package doorbell.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Any text is an id or none, by the rules of the protocol; all forms of an id are that id. */
public final class EventIdFuzz {
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,39}");
  private static final Pattern UUID =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final Pattern SEALED = Pattern.compile("[0-9a-fA-F]{64}");
  private static final BigInteger END = BigInteger.ONE.shiftLeft(128);

  private EventIdFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    String text = new String(data, ISO_8859_1);
    BigInteger number = number(text);
    boolean sealed = SEALED.matcher(text).matches();
    EventId id;
    try {
      id = EventId.parse(text);
    } catch (IllegalArgumentException e) {
      assertThat(e).isExactlyInstanceOf(IllegalArgumentException.class);
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
      assertThat(number).isNull();
      assertThat(sealed).isFalse();
      return;
    }
    if (number == null) {
      assertThat(sealed).isTrue();
      assertThat(id.toString()).isEqualTo(text.toLowerCase(Locale.ROOT));
      same(id, text.toUpperCase(Locale.ROOT));
    } else {
      assertThat(id.toString()).isEqualTo(number.toString());
      same(id, "0".repeat(39 - id.toString().length()) + id);
      String hex = "%032x".formatted(number);
      String uuid = hex.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5");
      same(id, uuid);
      same(id, uuid.toUpperCase(Locale.ROOT));
    }
    assertThat(id.isWrittenAs(text)).isEqualTo(id.toString().equals(text));
    same(id, id.toString());
    long[] words = new long[id.words()];
    for (int i = 0; i < words.length; i++) {
      words[i] = id.word(i);
    }
    assertThat(EventId.ofWords(words, 0, words.length)).isEqualTo(id);
    assertThat(id.bytes()).hasSize(words.length * Long.BYTES);
  }

  /** The number that a text is; null if it is none below the end. */
  private static @Nullable BigInteger number(String text) {
    BigInteger number =
        NUMBER.matcher(text).matches()
            ? new BigInteger(text)
            : UUID.matcher(text).matches() ? new BigInteger(text.replace("-", ""), 16) : END;
    return number.compareTo(END) < 0 ? number : null;
  }

  private static void same(EventId id, String form) {
    EventId other = EventId.parse(form);
    assertThat(other).as(form).isEqualTo(id).hasSameHashCodeAs(id);
    assertThat(other.bytes()).isEqualTo(id.bytes());
  }
}
