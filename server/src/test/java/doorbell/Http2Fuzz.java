package doorbell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;

/** A whole connection of HTTP/2, behind its preface. */
public final class Http2Fuzz {
  private static final String HELLO = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final int HEAD = 9;
  private static final int LONGEST = 16_384;
  private static final int GOAWAY = 7;
  private static final char INTERNAL_ERROR = 2;

  private Http2Fuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    String heard = NodeBytes.heard(HELLO, data, Http2Fuzz::byStream);
    int at = 0;
    while (at < heard.length()) {
      assertThat(heard.length()).isGreaterThanOrEqualTo(at + HEAD);
      int length = heard.charAt(at) << 16 | heard.charAt(at + 1) << 8 | heard.charAt(at + 2);
      assertThat(length).isLessThanOrEqualTo(LONGEST);
      if (heard.charAt(at + 3) == GOAWAY) { // Whatever comes is the client's error.
        assertThat(heard.charAt(at + HEAD + 7)).isNotEqualTo(INTERNAL_ERROR);
      }
      at += HEAD + length;
    }
    assertThat(at).isEqualTo(heard.length());
  }

  /**
   * What doesn't differ by how the bytes are cut: what each stream hears, since streams are
   * answered in any order. Who breaks a rule hears of the answers before it as far as they were
   * begun: of such a connection the error alone.
   */
  private static String byStream(String heard) {
    Map<String, String> streams = new TreeMap<>();
    int at = 0;
    while (at + HEAD <= heard.length()) {
      if (heard.charAt(at + 3) == GOAWAY && heard.charAt(at + HEAD + 7) != 0) {
        return heard.substring(at + HEAD + 4);
      }
      int length = heard.charAt(at) << 16 | heard.charAt(at + 1) << 8 | heard.charAt(at + 2);
      int end = Math.min(heard.length(), at + HEAD + length);
      streams.merge(heard.substring(at + 5, at + HEAD), heard.substring(at, end), String::concat);
      at = end;
    }
    return String.join("", streams.values());
  }
}
