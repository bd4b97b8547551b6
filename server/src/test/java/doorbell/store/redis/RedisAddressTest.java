package doorbell.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedisAddressTest {
  private static RedisAddress one(String text) {
    return RedisAddress.parseAll(text).getFirst();
  }

  @Test
  void aHostAloneIsAtTheUsualPort() {
    assertThat(one("redis://cache.example"))
        .isEqualTo(new RedisAddress("cache.example", 6_379, 0, null, null));
  }

  @Test
  void allPartsAreRead() {
    assertThat(one("redis://bell:a%2Fb@[::1]:7000/3"))
        .isEqualTo(new RedisAddress("::1", 7_000, 3, "bell", "a/b"));
    assertThat(one("redis://:secret@h/").password()).isEqualTo("secret");
    assertThat(one("redis://:secret@h/").user()).isNull();
  }

  @Test
  void severalStandWithCommas() {
    assertThat(RedisAddress.parseAll("redis://a, redis://b:1,redis://c"))
        .extracting(RedisAddress::toString)
        .containsExactly("a:6379", "b:1", "c:6379");
  }

  @Test
  void aPasswordIsNotPartOfTheText() {
    assertThat(one("redis://user:secret@h").toString()).isEqualTo("h:6379");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "redis://",
        "redis://user-secret@h",
        "redis://:secret@h:0",
        "redis://:secret@h:70000",
        "redis://:secret@h/x",
        "redis://:secret@h/1/2",
        "redis://:secret@h?x=y",
        "redis://:sec^ret@h",
        "redis://:secret@h,other",
        "redis://:secret@h,redis://:secret@i"
      })
  void whatIsNoAddressIsRefusedWithoutItsPassword(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisAddress.parseAll(text))
        .withMessageStartingWith("a Redis is written redis://")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret", "sec^ret"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"redis://a", "redis://a.b:1/2"})
  void anEvenNumberOrOneTwiceIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisAddress.parseAll(text + ",redis://other"))
        .withMessageContaining("name 1, 3 or 5 of them");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisAddress.parseAll(text + "," + text + ",redis://other"))
        .withMessageContaining("named twice");
  }
}
