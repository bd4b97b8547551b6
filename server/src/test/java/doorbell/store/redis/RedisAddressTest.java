package doorbell.store.redis;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import doorbell.StoreOptions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
  void overTlsAFileMayNameWhoSignsCertificates() {
    assertThat(one("redis://h").tls()).isNull();
    assertThat(one("rediss://h").tls()).isEqualTo(new RedisAddress.Tls(null));
    assertThat(one("rediss://h:1/2?sslrootcert=/etc/a%20b.pem").tls())
        .isEqualTo(new RedisAddress.Tls("/etc/a b.pem"));
  }

  @Test
  void sentinelsStandWithCommasAndNameTheServer() {
    RedisAddress watched = one("redis-sentinel://u:p@a,b:7/2?master=bells");
    assertThat(watched.watch())
        .isEqualTo(
            new RedisAddress.Watch(
                "bells",
                List.of(new RedisAddress.HostPort("a", 26_379), new RedisAddress.HostPort("b", 7)),
                null,
                null));
    assertThat(watched.database()).isEqualTo(2);
    assertThat(watched).hasToString("bells (by the Sentinels at a:26379, b:7)");
    RedisAddress asking =
        one("redis-sentinel://a,b/0?master=m&sentinelpasswordfile=/etc/a%20b")
            .withSentinels(file -> "the secret of " + file);
    assertThat(requireNonNull(asking.watch()).password()).isEqualTo("the secret of /etc/a b");
    assertThat("" + asking + asking.watch()).doesNotContain("secret");
    assertThat(requireNonNull(asking.turned(3).watch()).sentinels())
        .extracting(RedisAddress.HostPort::host)
        .containsExactly("b", "a");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> one("redis-sentinel://:secret@a,b/0"))
        .withMessageContaining("?master=NAME")
        .withMessageNotContaining("secret");
  }

  @Test
  void aPasswordIsNotPartOfTheText() {
    assertThat(one("redis://user:secret@h").toString()).isEqualTo("h:6379");
  }

  @Test
  void aUserMayHaveItsPasswordElsewhere() {
    RedisAddress named = one("redis://doorbell@h");
    assertThat(named.with("secret"))
        .isEqualTo(new RedisAddress("h", 6_379, 0, "doorbell", "secret"));
    assertThatIllegalArgumentException()
        .isThrownBy(named::complete)
        .withMessageContaining("--store-password-file")
        .withMessageNotContaining("doorbell@");
    assertThat(one("redis://h").complete()).isEqualTo(one("redis://h"));
  }

  @Test
  void aHostMayHaveAnUnderscore() {
    assertThat(one("redis://:a@b@my_redis:7000").toString()).isEqualTo("my_redis:7000");
    assertThat(one("redis://:a@b@my_redis").password()).isEqualTo("a@b");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "redis://u:p@h; redis://h",
        "redis://u:p/a,s@s@h/3; redis://h/3",
        "redis://u:p@a,redis://b,redis://v:q@c; redis://a,redis://b,redis://c",
        "rediss://u:p/s@h; rediss://h",
        "rediss://u:p@a,rediss://v:q@b; rediss://a,rediss://b",
        "redis-sentinel://u:p@a,b/0?master=m; redis-sentinel://a,b/0?master=m",
        "postgresql://u:p@q@h/d; postgresql://h/d",
        "redis::secret@h; redis:h",
        "secret@h; h",
        "rocksdb:/a@b; rocksdb:/a@b"
      })
  void aUserAndAPasswordAreTakenAwayHoweverTheyAreWritten(String text, String shown) {
    assertThat(StoreOptions.withoutSecrets(text)).isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "redis://",
        "redis://:secret@h:0",
        "redis://:secret@h:70000",
        "redis://:secret@h/x",
        "redis://:secret@h/1/2",
        "redis://:secret@h?x=y",
        "redis://:sec^ret@h",
        "redis://:secret@h,other",
        "redis://:secret@h,redis://:secret@i",
        "redis://:secret@h,i",
        "redis://:secret@h?sslrootcert=f",
        "rediss://:secret@h?sslrootcert=f&x=y",
        "rediss://:secret@h?x=y"
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
