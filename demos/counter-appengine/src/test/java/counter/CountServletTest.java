package counter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What only a failure shows; the rest is seen in browsers, by test/windows.test.mjs. */
class CountServletTest {
  private final AppEngine appEngine = new AppEngine();
  private final StringWriter body = new StringWriter();
  private final List<String> calls = new ArrayList<>();

  @AfterEach
  void close() {
    appEngine.close();
    System.clearProperty("doorbell.url");
  }

  @Test
  void aDatastoreThatIsTooBusyIs503() throws Exception {
    new Counter(Duration.ZERO).look();
    appEngine.failCommits(Integer.MAX_VALUE, AppEngine.CONCURRENT_TRANSACTION, false);
    new CountServlet(Duration.ZERO).doPost(request(), response());
    assertThat(calls).contains("setStatus[503]", "setHeader[Retry-After, 1]");
    assertThat(body.toString().strip()).isEqualTo("{\"detail\":\"The count is busy. Try again.\"}");
  }

  @Test
  void aClickCountsThoughNobodyHearsIt() throws Exception {
    try (FakeNode node = new FakeNode()) {
      System.setProperty("doorbell.url", node.url());
      CountServlet servlet = new CountServlet();
      servlet.init();
      servlet.doPost(request(), response());
      assertThat(node.requests.get()).isLessThan(2); // 0 where the machine is slow
    }
    assertThat(body.toString().strip()).isEqualTo("{\"count\":1}");
    assertThat(calls).noneMatch(call -> call.startsWith("setStatus"));
  }

  @Test
  void withoutTheNodesUrlItDoesNotStart() {
    assertThatExceptionOfType(ServletException.class)
        .isThrownBy(new CountServlet()::init)
        .withMessageContaining("doorbell.url");
  }

  private static HttpServletRequest request() {
    return of(HttpServletRequest.class, new ArrayList<>(), null);
  }

  private HttpServletResponse response() {
    return of(HttpServletResponse.class, calls, new PrintWriter(body, true));
  }

  /** Notes the calls, and answers with the writer where there is something to answer. */
  private static <T> T of(Class<T> type, List<String> calls, PrintWriter writer) {
    Object proxy =
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              calls.add(method.getName() + Arrays.toString(arguments));
              return method.getName().equals("getWriter") ? writer : null;
            });
    return type.cast(proxy);
  }
}
