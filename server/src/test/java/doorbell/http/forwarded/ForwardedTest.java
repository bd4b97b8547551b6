package doorbell.http.forwarded;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.io.proxy.TrustedProxies;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom the header fields of a trusted proxy name. In the tables {@code ~} ends a line. */
class ForwardedTest {
  private static final Forwarded FIELDS =
      new Forwarded(TrustedProxies.parse("10.0.0.0/8, 2001:db8:1::/48, unix"));

  private static List<String> lines(String text) {
    return text.isEmpty() ? List.of() : Arrays.asList(text.split("~", -1));
  }

  private static String client(String standard, String usual) {
    @Nullable InetAddress client = FIELDS.client(lines(standard), lines(usual));
    return client == null ? "none" : client.getHostAddress();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          192.0.2.7                             | 192.0.2.7
          192.0.2.7, 10.0.0.1                   | 192.0.2.7
          192.0.2.7,10.0.0.1,10.0.0.2           | 192.0.2.7
          203.0.113.9, 192.0.2.7, 10.0.0.1      | 192.0.2.7
          203.0.113.9~192.0.2.7                 | 192.0.2.7
          203.0.113.9, 192.0.2.7~10.0.0.1       | 192.0.2.7
          192.0.2.7~~,                          | 192.0.2.7
          , 192.0.2.7 ,,                        | 192.0.2.7
          192.0.2.7:4711                        | 192.0.2.7
          2001:db8::7                           | 2001:db8:0:0:0:0:0:7
          [2001:db8::7]                         | 2001:db8:0:0:0:0:0:7
          [2001:db8::7]:4711                    | 2001:db8:0:0:0:0:0:7
          2001:db8::7, 2001:db8:1::1            | 2001:db8:0:0:0:0:0:7
          ::ffff:192.0.2.7                      | 192.0.2.7
          192.0.2.7, ::ffff:10.0.0.1            | 192.0.2.7
          10.0.0.3, 10.0.0.2                    | 10.0.0.3
          unknown, 10.0.0.2                     | 10.0.0.2
          192.0.2.7, unknown, 10.0.0.2          | 10.0.0.2
          192.0.2.7, _hidden                    | none
          unknown                               | none
          192.0.2.7, unknown                    | none
          192.0.2.7, 10.0.0.1, x                | none
          192.0.2.7, 192.0.2                    | none
          192.0.2.7, 192.0.2.256                | none
          192.0.2.7, 192.0.2.7.                 | none
          192.0.2.7, 0300.0.2.7                 | none
          192.0.2.7, 192.0.2.7:                 | none
          192.0.2.7, 192.0.2.7:123456           | none
          192.0.2.7, 192.0.2.7:x                | none
          192.0.2.7, [192.0.2.7]                | none
          192.0.2.7, [2001:db8::7               | none
          192.0.2.7, 2001:db8::7]:80            | none
          192.0.2.7, fe80::1%lo                 | none
          192.0.2.7, "192.0.2.7"                | none
          192.0.2.7, 192.0.2.7 192.0.2.8        | none
          192.0.2.7, 192.0.2.7;proto=https      | none
          192.0.2.7, 3221225991                 | none
          192.0.2.7, localhost                  | none
          ,                                     | none
          ~                                     | none
          """)
  void theRightmostHopThatIsNotTrustedIsTheClient(String usual, String client) {
    assertThat(client("", usual)).isEqualTo(client);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          for=192.0.2.7                                      | 192.0.2.7
          For="192.0.2.7"                                    | 192.0.2.7
          FOR=192.0.2.7;proto=https;by=10.0.0.1              | 192.0.2.7
          by=10.0.0.1 ; for=192.0.2.7                        | 192.0.2.7
          ;for=192.0.2.7;                                    | 192.0.2.7
          for="192.0.2.7:4711"                               | 192.0.2.7
          for="192.0.2.7:_port"                              | 192.0.2.7
          for=192.0.2.7:4711                                 | 192.0.2.7
          for="[2001:db8::1]:4711"                           | 2001:db8:0:0:0:0:0:1
          for="[2001:db8::1]"                                | 2001:db8:0:0:0:0:0:1
          for="[2001:DB8::1]:_obf"                           | 2001:db8:0:0:0:0:0:1
          for=192.0.2.7, for=10.0.0.1                        | 192.0.2.7
          for=203.0.113.9, for=192.0.2.7, for=10.0.0.1       | 192.0.2.7
          for=203.0.113.9~for=192.0.2.7~for=10.0.0.1         | 192.0.2.7
          for=192.0.2.7, for="[2001:db8:1::1]:80"            | 192.0.2.7
          for=203.0.113.9, for=192.0.2.7;host="a,b"          | 192.0.2.7
          for=203.0.113.9, host="for=1.1.1.1, ";for=192.0.2.7| 192.0.2.7
          for=203.0.113.9, host="a\\",b";for=192.0.2.7       | 192.0.2.7
          host="a;for=203.0.113.9";for=192.0.2.7             | 192.0.2.7
          for="203.0.113.9, for=192.0.2.7                    | 192.0.2.7
          \\", for=192.0.2.7                                 | 192.0.2.7
          for=192.0.2.7, for=unknown, for=10.0.0.1           | 10.0.0.1
          for=192.0.2.7, proto=https, for=10.0.0.1           | 10.0.0.1
          for=192.0.2.7, for="_x", for=10.0.0.1              | 10.0.0.1
          for=10.0.0.3, for=10.0.0.1                         | 10.0.0.3
          for=unknown                                        | none
          for=_hidden                                        | none
          for="_hidden"                                      | none
          proto=https                                        | none
          192.0.2.7                                          | none
          for                                                | none
          for=                                               | none
          for=""                                             | none
          for="                                              | none
          ="192.0.2.7"                                       | none
          for =192.0.2.7                                     | none
          for=192.0.2.7;for=192.0.2.8                        | none
          for=192.0.2.7;for=192.0.2.7                        | none
          xfor=192.0.2.7                                     | none
          for="192.0.2.7                                     | none
          for=192.0.2.7"                                     | none
          for="192.0.2.7""                                   | none
          for="192.0.2.7\\"                                  | none
          for="192.0.2\\.7"                                  | none
          for="[192.0.2.7]"                                  | none
          for="[2001:db8::1"                                 | none
          for="[2001:db8::1]x"                               | none
          for=192.0.2.7, for="[2001:db8::g]"                 | none
          for=192.0.2.7, "                                   | none
          """)
  void theStandardFieldIsWalkedAsWell(String standard, String client) {
    assertThat(client(standard, "")).isEqualTo(client);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          for=192.0.2.7                | 192.0.2.7              | 192.0.2.7
          for=192.0.2.7, for=10.0.0.1  | 203.0.113.9, 192.0.2.7 | 192.0.2.7
          for="[2001:db8::1]:80"       | 2001:db8::1            | 2001:db8:0:0:0:0:0:1
          for=203.0.113.9              | 192.0.2.7              | none
          for=192.0.2.7                | 203.0.113.9            | none
          for=unknown                  | 192.0.2.7              | none
          for=192.0.2.7                | unknown                | none
          x                            | y                      | none
          """)
  void fieldsThatNameDifferentClientsAreBothNotBelieved(
      String standard, String usual, String client) {
    assertThat(client(standard, usual)).isEqualTo(client);
  }

  @ParameterizedTest
  @ValueSource(strings = {",", "\"", "\\", "\\\"", "\",", "for=", "for=10.0.0.1,", ";", "[", ":"})
  void aFieldIsReadInOnePassWhateverIsInIt(String part) {
    String small = part.repeat(16_384 / part.length());
    String large = part.repeat(32 * 16_384 / part.length());
    assertThat(client("", "[" + ":".repeat(200_000))).isEqualTo("none");
    long ratio = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 5 && ratio > 200; attempt++) {
      ratio = Math.min(ratio, fastest(large) / Math.max(1, fastest(small)));
    }
    assertThat(ratio).isLessThan(200);
  }

  private static long fastest(String field) {
    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      long begin = System.nanoTime();
      FIELDS.client(List.of(field), List.of());
      FIELDS.client(List.of(), List.of(field));
      fastest = Math.min(fastest, System.nanoTime() - begin);
    }
    return fastest;
  }

  @Test
  void whatIsLeftOfTheClientIsNotEvenRead() {
    assertThat(client("\"\"\"(&%, for=192.0.2.7", "")).isEqualTo("192.0.2.7");
    assertThat(client("", "\"\"\"(&%, 192.0.2.7")).isEqualTo("192.0.2.7");
  }

  @Test
  void aRowOfProxiesHasAnEnd() {
    assertThat(client("", "192.0.2.7" + ", 10.0.0.1".repeat(31))).isEqualTo("192.0.2.7");
    assertThat(client("", "192.0.2.7" + ", 10.0.0.1".repeat(32))).isEqualTo("10.0.0.1");
    assertThat(client("for=192.0.2.7" + ", for=10.0.0.1".repeat(32), "")).isEqualTo("10.0.0.1");
  }
}
