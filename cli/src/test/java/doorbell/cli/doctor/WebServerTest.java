package doorbell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.doctor.WebServer.Trouble;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class WebServerTest {
  @ParameterizedTest
  @CsvSource({
    "Server, nginx, NGINX",
    "Server, nginx/1.22.1, NGINX",
    "Server, openresty, NGINX",
    "Server, Apache, APACHE",
    "Server, Apache/2.4.62 (Debian), APACHE",
    "Server, Caddy, CADDY",
    "Via, 1.1 Caddy, CADDY",
    "Via, 1.1 haproxy, HAPROXY",
    "Server, Apache-Coyote/1.1,",
    "Server, cloudflare,",
    "X-Powered-By, nginx,",
  })
  void aServerIsKnownByTheNameThatItSays(String field, String value, WebServer known) {
    assertThat(WebServer.of(Answers.notYet(field, value))).isEqualTo(known);
  }

  @ParameterizedTest
  @CsvSource({
    "504, '<h1>504 Gateway Time-out</h1>\nThe server didn''t respond in time.', HAPROXY",
    "503, '<h1>503 Service Unavailable</h1>\nNo server is available to handle this.', HAPROXY",
    "502, '<center><h1>502 Bad Gateway</h1></center>\n<hr><center>nginx/1.22.1</center>', NGINX",
    "404, '<address>Apache/2.4.62 (Debian) Server at example.com Port 80</address>', APACHE",
    "404, '<h1>Not Found</h1>',",
    "200, '<center>nginx</center>',",
  })
  void aServerIsKnownByItsErrorPage(int status, String body, WebServer known) {
    assertThat(WebServer.of(Answers.page(status, body))).isEqualTo(known);
  }

  @ParameterizedTest
  @EnumSource
  void eachServerHasACureForEachTroubleAndItsLines(WebServer server) {
    for (Trouble trouble : Trouble.values()) {
      assertThat(trouble.general).matches("(Have|Take) .*\\.");
      assertThat(server.cure(trouble, "/bell/"))
          .startsWith(server.title + ": ")
          .hasSizeGreaterThan(server.title.length() + 10)
          .doesNotContain("/doorbell/");
    }
    assertThat(server.block("/doorbell/")).contains("127.0.0.1:8080");
    assertThat(server.block("/bell/")).doesNotContain("/doorbell/");
  }
}
