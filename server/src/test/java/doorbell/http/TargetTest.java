package doorbell.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What request lines ask for, and what it costs to find out. */
class TargetTest {
  @Test
  void aParameterIsTheOneOfThatNameWhateverStandsAround() throws HttpError {
    assertThat(value("/1?timeout=5")).isEqualTo("5");
    assertThat(value("/1?&&a=b&timeout=5&&c")).isEqualTo("5");
    assertThat(value("/1?timeout")).isEmpty();
    assertThat(value("/1?timeout&a=b")).isEmpty();
    assertThat(value("/1?timeout=a=b")).isEqualTo("a=b");
    assertThat(value("/1?timeou=1&timeouts=2&xtimeout=3")).isNull();
    assertThat(value("/1?a=timeout=5")).isNull();
    assertThatThrownBy(() -> value("/1?timeout=1&timeout=1")).isInstanceOf(HttpError.class);
  }

  @Test
  void anAuthorityIsAHostAndPerhapsAPort() {
    String[] sound = {
      "a",
      "A.b-c_d.example",
      "a.",
      "a.:80",
      "a:",
      "a:8080",
      "127.0.0.1:1",
      "a%41,b~!$&'()*+;=",
      "[::1]",
      "[::1]:80",
      "[fe80::1%eth0]",
      "[fe80::1%25en-0]:80",
      "[2001:db8::1.2.3.4]:",
      "-",
      "xn--bcher-kva.example"
    };
    assertThat(sound).allMatch(Target::isAuthority);
    String[] malformed = {
      "",
      ":",
      ":80",
      ".",
      "..",
      "a..b",
      ".a",
      "a..",
      "a b",
      " a",
      "a/b",
      "a@b",
      "a?b",
      "a#b",
      "a\\b",
      "a\"b",
      "<a>",
      "a\u0001",
      "a\0",
      "a\u007F",
      "a\u00E9",
      "a\tb",
      "a:x",
      "a:1:2",
      "a:-1",
      "a:80 ",
      "::1",
      "[::1",
      "[]",
      "[x]",
      "[%eth0]",
      "[fe80::1%a b]",
      "[::1]x",
      "[::1]]",
      "[[::1]]",
      "a[b]",
      "a:8\u0660"
    };
    assertThat(malformed).noneMatch(Target::isAuthority);
  }

  private static @Nullable String value(String uri) throws HttpError {
    return Target.parse(uri, "").parameter("timeout");
  }

  @Test
  void aQueryIsReadInOnePassWhateverIsInIt() {
    for (String part : new String[] {"&", "a&", "&=", "a=b&", "%41", "=", "timeou&", "x=%41&"}) {
      isLinear(
          part,
          query -> {
            try {
              assertThat(value("/1?" + query)).isNull();
            } catch (HttpError e) {
              throw new AssertionError(e);
            }
          });
    }
  }

  @Test
  void listsOfHeadersAreReadInOnePassWhateverIsInThem() {
    for (String part : new String[] {",", ";", "q=", ",;q=0", "a/b,", "\"", "\\", " "}) {
      isLinear(part, header -> Accept.of(List.of(header)));
    }
  }

  /** What is 32 times as long takes about 32 times as long, and not a thousand times. */
  private static void isLinear(String part, Consumer<String> reader) {
    String small = part.repeat(16_384 / part.length());
    String large = part.repeat(32 * 16_384 / part.length());
    long ratio = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 5 && ratio > 200; attempt++) {
      ratio = Math.min(ratio, fastest(large, reader) / Math.max(1, fastest(small, reader)));
    }
    assertThat(ratio).as(part).isLessThan(200);
  }

  private static long fastest(String text, Consumer<String> reader) {
    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      long start = System.nanoTime();
      reader.accept(text);
      fastest = Math.min(fastest, System.nanoTime() - start);
    }
    return fastest;
  }
}
