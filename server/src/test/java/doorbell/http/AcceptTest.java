package doorbell.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Accept headers as text, and the form of the answer. */
class AcceptTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                                | JAVASCRIPT",
        "*/*                                               | JAVASCRIPT",
        "application/json                                  | JSON",
        "APPLICATION/JSON ; Q=0.9                          | JSON",
        "text/event-stream                                 | EVENTS",
        "application/javascript                            | JAVASCRIPT",
        "text/javascript, application/json                 | JAVASCRIPT",
        "application/json, text/javascript                 | JSON",
        "text/html, application/json;q=0.5                 | JSON",
        "application/json;q=0, text/event-stream;q=0.1     | EVENTS",
        "application/json;q=0.4, text/event-stream;q=0.5   | EVENTS",
        "application/json;charset=utf-8;q=0.1, */*;q=1     | JSON",
        "application/json;q=x                              | JAVASCRIPT",
        "application/json;q=2, text/event-stream;q=0.1     | EVENTS",
        "application/json;q=1.001, text/event-stream;q=0.1 | EVENTS",
        "application/json;q=NaN, text/event-stream;q=0.1   | EVENTS",
        "application/json;q=1e0, text/event-stream;q=0.1   | EVENTS",
        "application/json;q=-0.5, text/event-stream;q=0.1  | EVENTS",
        "application/json;q=1.000, text/event-stream       | JSON",
        "application/json;q=.5, text/event-stream;q=0.1    | EVENTS",
        "application/jsonp                                 | JAVASCRIPT"
      })
  void theFormOfAWaitsAnswer(String header, Accept form) {
    assertThat(Accept.of(List.of(header))).isEqualTo(form);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text/html,application/xhtml+xml,*/*;q=0.8         | true",
        "application/json, text/html;q=0.9                 | false",
        "application/problem+json, text/html               | false",
        "*/*                                               | false",
        "''                                                | false"
      })
  void onlyABrowserThatShowsPeopleGetsAPage(String header, boolean page) {
    assertThat(Accept.prefersPage(List.of(header))).isEqualTo(page);
  }

  @Test
  void severalHeadersAreOneList() {
    assertThat(Accept.of(List.of("text/html", "application/json;q=0.1"))).isEqualTo(Accept.JSON);
  }
}
