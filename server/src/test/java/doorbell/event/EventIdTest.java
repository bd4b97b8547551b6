package doorbell.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventIdTest {
  private static final String LARGEST = BigInteger.TWO.pow(128).subtract(BigInteger.ONE).toString();

  @Test
  void aDecimalNumberIsItsValue() {
    Random random = new Random(1);
    for (int bits = 1; bits <= 128; bits++) {
      BigInteger value = new BigInteger(bits, random);
      EventId.Plain id = (EventId.Plain) EventId.parse(value.toString());
      assertThat(new BigInteger(1, id.bytes())).isEqualTo(value);
    }
  }

  @Test
  void anIdIsWrittenAsItsNumberOrInHex() {
    Random random = new Random(2);
    for (int bits = 1; bits <= 128; bits++) {
      String value = new BigInteger(bits, random).setBit(bits - 1).toString();
      assertThat(EventId.parse(value)).hasToString(value);
    }
    for (String value : List.of("0", "10", "18446744073709551616", "1" + "0".repeat(38), LARGEST)) {
      assertThat(EventId.parse(value)).hasToString(value);
    }
    assertThat(EventId.parse("AB".repeat(32))).hasToString("ab".repeat(32));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "00",
        "007",
        "7",
        "70",
        "00000000-0000-0000-0000-000000000007",
        "550e8400-e29b-41d4-a716-446655440000",
        "340282366920938463463374607431768211455",
        "abababababababababababababababababababababababababababababababab",
        "ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB"
      })
  void anIdKnowsWhetherItIsWrittenSo(String text) {
    EventId id = EventId.parse(text);
    assertThat(id.isWrittenAs(text)).isEqualTo(id.toString().equals(text));
  }

  @Test
  void leadingZerosDontMatter() {
    assertThat(EventId.parse("007")).isEqualTo(EventId.parse("7")).hasSameHashCodeAs(id("7"));
    assertThat(EventId.parse("0".repeat(39))).isEqualTo(EventId.parse("0"));
  }

  @Test
  void aUuidAndItsDecimalValueAreOneId() {
    BigInteger value = new BigInteger("550e8400e29b41d4a716446655440000", 16);
    assertThat(EventId.parse("550E8400-e29b-41d4-A716-446655440000"))
        .isEqualTo(EventId.parse(value.toString()));
  }

  @Test
  void theLargestNumberIsBelow2To128() {
    assertThat(EventId.parse(LARGEST)).isEqualTo(new EventId.Plain(-1, -1));
    String next = BigInteger.TWO.pow(128).toString();
    assertThatThrownBy(() -> EventId.parse(next)).hasMessageContaining("below 2^128");
    assertThatThrownBy(() -> EventId.parse("9".repeat(39))).hasMessageContaining("below 2^128");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "abc",
        "0x1",
        "١",
        "550e8400-e29b-41d4-a716-44665544000g",
        "550e8400xe29b-41d4-a716-446655440000",
        "550e8400-e29b-41d4-a716-4466554400000",
        "zz5e8400e29b41d4a716446655440000550e8400e29b41d4a716446655440000"
      })
  void whatIsNoIdIsRefused(String text) {
    assertThatThrownBy(() -> EventId.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anEmptyIdAndOneOf40DigitsAreRefusedWithTheRule() {
    assertThatThrownBy(() -> EventId.parse("")).hasMessageContaining("empty");
    assertThatThrownBy(() -> EventId.parse("0".repeat(40))).hasMessageContaining("39 digits");
  }

  @Test
  void aSealedIdIsOpenedByItsKeyAlone() {
    // echo -n key | sha256sum
    String hash = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";
    EventId.Sealed sealed = (EventId.Sealed) EventId.parse(hash.toUpperCase(java.util.Locale.ROOT));
    assertThat(sealed).isEqualTo(EventId.parse(hash));
    assertThat(sealed.isOpenedBy("key")).isTrue();
    assertThat(sealed.isOpenedBy("Key")).isFalse();
    assertThat(sealed.isOpenedBy("")).isFalse();
    assertThat(sealed.isOpenedBy("k y")).isFalse();
  }

  @Test
  void aSealedIdIsNeverANumber() {
    EventId sealed = EventId.parse("0".repeat(63) + "7");
    assertThat(sealed).isNotEqualTo(EventId.parse("7"));
    assertThat(sealed.bytes()).hasSize(32);
    assertThat(EventId.parse("7").bytes()).hasSize(16);
  }

  @ParameterizedTest
  @CsvSource({"a,true", "~!,true", "'',false", "'a b',false", "ä,false"})
  void aKeyIsPrintableAscii(String key, boolean is) {
    assertThat(EventId.isKey(key)).isEqualTo(is);
    assertThat(EventId.isKey("k".repeat(128))).isTrue();
    assertThat(EventId.isKey("k".repeat(129))).isFalse();
  }

  private static EventId id(String text) {
    return EventId.parse(text);
  }

  /** Strangers choose ids, and would make one bin of a table long. */
  @Test
  void idsThatDifferInOneWordOnlyHaveDifferentHashes() {
    for (int word = 0; word < 4; word++) {
      Set<Integer> hashes = new HashSet<>();
      for (long i = 0; i < 1_000; i++) {
        long[] words = new long[4];
        words[word] = i << 32 | i;
        hashes.add(EventId.ofWords(words, 0, 4).hashCode());
      }
      assertThat(hashes).hasSizeGreaterThan(990);
    }
  }
}
