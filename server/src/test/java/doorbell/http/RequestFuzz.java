package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.wait.EventName;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A head of a request, a line each: it is refused in a sentence, or within all bounds. */
public final class RequestFuzz {
  private static final HttpMethod[] METHODS = {
    HttpMethod.GET, HttpMethod.POST, HttpMethod.HEAD, HttpMethod.OPTIONS, HttpMethod.PUT
  };

  private RequestFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws HttpError {
    String[] lines = new String(data, ISO_8859_1).split("\n", -1);
    String[] first = lines[0].split(" ", 2);
    HttpMethod method =
        Stream.of(METHODS)
            .filter(one -> one.name().equals(first[0]))
            .findFirst()
            .orElse(HttpMethod.GET);
    DefaultHttpRequest http;
    try {
      http =
          new DefaultHttpRequest(
              HttpVersion.HTTP_1_1,
              method,
              first[first.length - 1],
              DefaultHttpHeadersFactory.headersFactory().withValidation(false));
    } catch (IllegalArgumentException e) { // No such line is ever decoded.
      return;
    }
    addTo(http.headers(), lines);
    Request request;
    try {
      request = Request.of(http, "/base");
    } catch (HttpError e) {
      TargetFuzz.refused(e, 400, 404, 405, 426);
      return;
    }
    check(request);
    http.headers().remove("last-event-id");
    told(request, Request.of(http, "/base"));
  }

  private static void addTo(HttpHeaders headers, String[] lines) {
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      if (colon > 0) {
        headers.add(lines[i].substring(0, colon), lines[i].substring(colon + 1).trim());
      }
    }
  }

  private static void check(Request request) {
    assertThat(request.events()).hasSizeLessThanOrEqualTo(HttpLimits.IDS_PER_WAIT);
    assertThat(request.millis()).isNotNegative();
    assertThat(request.form().callback()).matches("[A-Za-z0-9_$.]{1,64}");
    switch (request.what()) {
      case WAIT -> assertThat(request.events()).isNotEmpty();
      case SET -> {
        assertThat(request.events()).hasSize(1);
        assertThat(request.millis()).isLessThanOrEqualTo(HttpLimits.SPREAD_SECONDS * 1_000L);
      }
      default -> assertThat(request.events()).isEmpty();
    }
    for (EventName event : request.events()) {
      assertThat(EventId.parse(event.text())).isEqualTo(event.id());
    }
  }

  /** Of {@code all} ids some were told, and the others are left. */
  private static void told(Request request, Request all) {
    List<String> parts = new ArrayList<>(request.events().stream().map(EventName::text).toList());
    if (!request.told().isEmpty()) {
      parts.addAll(List.of(request.told().split(",", -1)));
    }
    if (request.what() == Request.What.ALL_TOLD) {
      assertThat(all.events()).isNotEmpty();
    } else {
      assertThat(parts)
          .containsExactlyInAnyOrderElementsOf(all.events().stream().map(EventName::text).toList());
    }
  }
}
