package doorbell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.doctor.Certificate.Trust;
import doorbell.cli.doctor.WebServer.Trouble;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdentityTest {
  private static final Trust TRUST = Trust.of(null);
  private static final Site SITE = site("http://bell.example/doorbell/");

  @Test
  void aNodesNotYetIsANode() {
    assertThat(Identity.of(SITE, Answers.notYet()).isCross()).isFalse();
    // Both fields may be changed on the way, which other checks tell.
    Answer changed = Answers.of(204, "", "Cache-Control", "private, no-store");
    assertThat(Identity.of(SITE, changed).isCross()).isFalse();
  }

  @Test
  void aBare204IsNoNode() {
    assertThat(Identity.of(SITE, Answers.of(204, "")).text()).contains("in its place");
  }

  @Test
  void aPageIsACaptiveOneOrAnApplications() {
    Finding found = Identity.of(SITE, Answers.page(200, "<h1>Welcome</h1>"));
    assertThat(found.text()).contains("login page", "an application answers");
    assertThat(found.trouble()).isEqualTo(Trouble.PATH);
  }

  @Test
  void aSetThatNobodyMadeIsACaches() {
    for (String body : new String[] {"doorbell(5);\n", "{\"set\":[\"5\"]}\n"}) {
      assertThat(Identity.of(SITE, Answers.of(200, body)).trouble()).isEqualTo(Trouble.CACHED);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/login?to=/", "https://sso.example/", "https://x/oauth2/start"})
  void aRedirectToALoginIsOne(String location) {
    Finding found = Identity.of(SITE, Answers.of(302, "", "Location", location));
    assertThat(found.text()).contains("redirects to " + location, "looks like a login");
    assertThat(found.cures()).singleElement().asString().contains("without a login");
  }

  @Test
  void aRedirectToTlsIsToBeWrittenSo() {
    String there = "https://bell.example/doorbell/5?timeout=0";
    assertThat(Identity.of(SITE, Answers.of(301, "", "Location", there)).cures().getFirst())
        .startsWith("Use https:// in the URL");
    assertThat(Identity.of(SITE, Answers.of(301, "", "Location", "https://x/%")).text())
        .doesNotContain("login");
  }

  @Test
  void whatATerminalMightObeyIsNotShown() {
    Answer evil = Answers.of(302, "", "Location", "\u001b[2J\u009b" + "x".repeat(1_000));
    assertThat(Identity.of(SITE, evil).text()).matches("[ -~]{50,200}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          404 | there is no such path | but with 404: its events are not under /doorbell/
          400 | this port speaks TLS; use https:// | this port speaks TLS
          429 | at most 9 waits from one address | a node answers 429: at most 9 waits from one
          503 | this node has room for 7 waits | a node answers 503: this node has room
          """)
  void aNodesOwnRefusalIsTold(int status, String sentence, String text) {
    assertThat(Identity.of(SITE, Answers.problem(status, sentence)).text()).contains(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          404 | Not Found | 404, and not by a node: nothing is at /doorbell/
          401 | Authorization Required | refused with 401
          403 | Forbidden | refused with 403
          502 | Bad Gateway | the web server answers, but no node behind it: 502
          503 | Service Unavailable | the web server answers, but no node behind it: 503
          400 | The plain HTTP request was sent to HTTPS port | this port speaks TLS
          418 | I'm a teapot | something answers 418, text/html
          """)
  void aWebServersRefusalIsTold(int status, String body, String text) {
    assertThat(Identity.of(SITE, Answers.page(status, body)).text()).contains(text);
  }

  @Test
  void aNodeIsLookedForAboveAndUnderDoorbell() {
    assertThat(Identity.places("")).containsExactly("/doorbell");
    assertThat(Identity.places("/doorbell/22"))
        .containsExactly("/doorbell/22/doorbell", "/doorbell", "/doorbell/doorbell", "");
    assertThat(Identity.places("/a".repeat(99))).hasSizeLessThan(10);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bell.example",
        "ftp://bell.example",
        "http://",
        "https://u:p@bell.example",
        "http://b/?q",
        "http://b/#f",
        "http://b:70000",
        "http://a b/",
        ""
      })
  void whatIsNoUrlOfANodeIsRefused(String text) {
    assertThat(refusal(text)).contains("'" + text + "' is no node's URL", "https://HOST/doorbell");
  }

  @Test
  void aUrlMayHaveLettersSlashesAndPorts() {
    assertThat(site("https://b\u00fccher.example/").at("1"))
        .hasToString("https://xn--bcher-kva.example/1");
    Site v6 = site("http://[::1]:8080/doorbell//");
    assertThat(v6.at("1")).hasToString("http://[::1]:8080/doorbell/1");
    assertThat(v6.host()).isEqualTo("::1");
    assertThat(v6.under("")).hasToString("http://[::1]:8080");
    assertThat(site("HTTPS://bell.example").port()).isEqualTo(443);
  }

  private static String refusal(String text) {
    try {
      return "taken: " + site(text);
    } catch (IllegalArgumentException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static Site site(String url) {
    return Site.of(url, Duration.ofSeconds(8), TRUST);
  }
}
