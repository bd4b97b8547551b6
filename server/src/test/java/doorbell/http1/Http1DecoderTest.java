package doorbell.http1;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bytes of HTTP/1.1, and the requests in them. */
class Http1DecoderTest {
  private final Http1Decoder decoder = new Http1Decoder();
  private final List<HttpRequest> heads = new ArrayList<>();
  private final StringBuilder bodies = new StringBuilder();

  @Test
  void emptyLinesBeforeARequestMeanNothing() {
    for (String lines : new String[] {"\r\n", "\n", "\r\n\r\n\r\n", "\r", "\n\r\n"}) {
      assertThat(decode(lines).isReadable()).isFalse();
      assertThat(heads).isEmpty();
      assertThat(decoder.isBetweenRequests()).isTrue();
      decode(lines + "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + lines);
      assertThat(heads).hasSize(1).allMatch(head -> head.decoderResult().isSuccess());
      assertThat(decoder.isBetweenRequests()).isTrue();
      heads.clear();
    }
  }

  @Test
  void emptyLinesInsideOfARequestMeanWhatTheyDo() {
    decode("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\r\n\r\n");
    assertThat(bodies).asString().isEqualTo("\r\n\r\n");
    assertThat(decoder.isBetweenRequests()).isTrue();
  }

  @Test
  void aFoldedFieldIsRefusedHoweverLongTheHeadIs() {
    for (int length : new int[] {0, 600}) {
      for (String fold : new String[] {" b", "\tb", " \0", " ", "\u000Bb", "\0", " Y: b"}) {
        String before = "X: " + "x".repeat(length) + "\r\n";
        String head = "GET /1 HTTP/1.1\r\n" + before + fold + "\r\nHost: a\r\n\r\n";
        for (int cut : new int[] {head.length(), head.indexOf(before), head.indexOf("Host")}) {
          isRefused("a header field is one line", head.substring(0, cut), head.substring(cut));
        }
      }
    }
    isRefused("a header field is one line", "GET /1 HTTP/1.1\r\n Host: a\r\n\r\n");
    isRefused("a header field is one line", "GET /1 HTTP/1.1\r\n: a\r\n\r\n");
  }

  @Test
  void aRequestLineHasOneSpaceBetweenItsWords() {
    for (String line :
        new String[] {
          "GET\t/1 HTTP/1.1",
          "GET /1\tHTTP/1.1",
          "GET  /1 HTTP/1.1",
          "GET /1  HTTP/1.1",
          "GET \t/1 HTTP/1.1",
          "GET /1\t HTTP/1.1",
          "GET /1 \tHTTP/1.1",
          "GET\u000B/1 HTTP/1.1",
          "GET\f/1 HTTP/1.1",
          "GET /1\fHTTP/1.1",
          " GET /1 HTTP/1.1",
          "\tGET /1 HTTP/1.1",
          "\0GET /1 HTTP/1.1",
          "\u007FGET /1 HTTP/1.1",
          "\u0085GET /1 HTTP/1.1",
          "GET /1",
          "GET",
          "GET /1 http/1.1",
          "GET /1 Http/1.1",
          "GET /\0 HTTP/1.1",
          "GET /\u0001 HTTP/1.1",
          "GET /\u007F HTTP/1.1",
          "GET /1 HTP/1.11",
          "GET\r/1 HTTP/1.1",
          "GET /1 2 HTTP/1.1",
        }) {
      isRefused("a request line is", line + "\r\nHost: a\r\n\r\n");
    }
    for (String line : new String[] {"GET /1 HTTP/1.10", "GET /1 HTTP/1.1 ", "GET /1 HTTP/1.1\t"}) {
      isRefused("", line + "\r\nHost: a\r\n\r\n");
    }
  }

  private void isRefused(String sentence, String... parts) {
    String name = String.join("|", parts);
    Http1Decoder fresh = new Http1Decoder();
    ByteBuf bytes = Unpooled.buffer();
    heads.clear();
    for (String part : parts) {
      bytes.writeCharSequence(part, ISO_8859_1);
      while (bytes.isReadable() && heads.isEmpty() && fresh.decode(bytes, this::take)) {
        // The pieces are taken.
      }
    }
    assertThat(heads).as(name).hasSize(1);
    assertThat(heads.get(0).decoderResult().cause()).as(name).hasMessageContaining(sentence);
  }

  @Test
  void aTrailerLeavesTheNextRequestAlone() {
    String chunked = "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    decode(chunked + "X: a\r\n\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + chunked + "\r\n");
    assertThat(heads).hasSize(3).allMatch(head -> head.decoderResult().isSuccess());
    assertThat(decoder.isBetweenRequests()).isTrue();
  }

  @Test
  void aFoldedTrailerIsRefused() {
    String chunked = "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    String[][] trailers = {{chunked + "X: a\r\n", " b\r\n\r\n"}, {chunked, "X: a\r\n b\r\n\r\n"}};
    for (String[] parts : trailers) {
      Http1Decoder fresh = new Http1Decoder();
      ByteBuf bytes = Unpooled.buffer();
      for (String part : parts) {
        bytes.writeCharSequence(part, ISO_8859_1);
        while (bytes.isReadable() && fresh.decode(bytes, this::take)) {
          // The pieces are taken.
        }
      }
      assertThat(fresh.isBetweenRequests()).as(parts[0]).isFalse();
    }
  }

  @Test
  void aBodyThatLooksFoldedStaysAsItIs() {
    String body = "a\r\n b\r\n\tc\n d\r\n\r\n e".repeat(50);
    String length = "Content-Length: " + body.length() + "\r\n";
    String head = "POST /1 HTTP/1.1\r\nHost: a\r\n" + length + "\r\n";
    ByteBuf rest = decode(head);
    assertThat(rest.isReadable()).isFalse();
    decode(body + head + body);
    assertThat(bodies).asString().isEqualTo(body + body);
  }

  /** Has it take what it can. */
  private ByteBuf decode(String text) {
    ByteBuf bytes = Unpooled.copiedBuffer(text, ISO_8859_1);
    while (bytes.isReadable() && decoder.decode(bytes, this::take)) {
      // The pieces are taken.
    }
    return bytes;
  }

  private void take(Object piece) {
    if (piece instanceof HttpRequest head) {
      heads.add(head);
    }
    if (piece instanceof HttpContent content) {
      bodies.append(content.content().toString(ISO_8859_1));
    }
  }
}
