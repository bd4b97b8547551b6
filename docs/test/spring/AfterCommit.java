import doorbell.client.Doorbell;
import doorbell.client.EventId;
import java.io.IOException;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.support.TransactionTemplate;

/** Runs the recipe for Spring, the class Ringer, and tells what it saw. */
class AfterCommit {
  static final Set<URI> begun = ConcurrentHashMap.newKeySet();

  /** Is asked before each request, on the thread that begins it. */
  static final class Watch extends ProxySelector {
    @Override
    public List<Proxy> select(URI request) {
      begun.add(request);
      return List.of(Proxy.NO_PROXY);
    }

    @Override
    public void connectFailed(URI request, SocketAddress address, IOException failure) {}
  }

  @Configuration(proxyBeanMethods = false)
  @EnableTransactionManagement
  static class Application {
    @Bean
    Doorbell bell() {
      HttpClient http = HttpClient.newBuilder().proxy(new Watch()).build();
      return Doorbell.at(URI.create(System.getProperty("node"))).withHttpClient(http);
    }

    @Bean
    DataSource dataSource() {
      return new DriverManagerDataSource("jdbc:h2:mem:counter;DB_CLOSE_DELAY=-1");
    }

    @Bean
    JdbcTransactionManager transactions(DataSource dataSource) {
      return new JdbcTransactionManager(dataSource);
    }
  }

  private final AnnotationConfigApplicationContext spring;
  private final JdbcClient db;
  private final TransactionTemplate transaction;

  AfterCommit(AnnotationConfigApplicationContext spring) {
    this.spring = spring;
    db = JdbcClient.create(spring.getBean(DataSource.class));
    transaction = new TransactionTemplate(spring.getBean(JdbcTransactionManager.class));
  }

  void click() {
    String old = db.sql("SELECT event FROM counter").query(String.class).single();
    db.sql("UPDATE counter SET count = count + 1, event = ?")
        .param(EventId.random().text())
        .update();
    spring.publishEvent(new Ringer.Stale(EventId.of(old)));
  }

  EventId event() {
    return EventId.of(db.sql("SELECT event FROM counter").query(String.class).single());
  }

  /** Where a set has begun, its end is awaited. */
  void tell(String when, EventId event) {
    String node = System.getProperty("node");
    Doorbell bell = Doorbell.at(URI.create(node));
    boolean begins = begun.contains(URI.create(node + "/" + event));
    try {
      bell.wait(event, begins ? Duration.ofSeconds(300) : Duration.ZERO).join();
      System.out.println(when + ": set");
    } catch (CompletionException notSet) {
      boolean late = notSet.getCause() instanceof TimeoutException;
      System.out.println(when + (late ? ": not set" : ": " + notSet));
    }
  }

  void run() {
    db.sql("CREATE TABLE counter AS SELECT 0 AS count, CAST(? AS VARCHAR) AS event")
        .param(EventId.random().text())
        .update();
    EventId first = event();
    transaction.executeWithoutResult(
        status -> {
          click();
          tell("before the commit", first);
        });
    tell("after the commit", first);

    EventId second = event();
    transaction.executeWithoutResult(
        status -> {
          click();
          status.setRollbackOnly();
        });
    tell("after a rollback", second);

    click();
    tell("without a transaction", second);
  }

  void runWithoutANode() {
    click(); // without a transaction, where a failure would reach this line
    Object count = db.sql("SELECT count FROM counter").query().singleValue();
    System.out.println("committed, without a node too: " + count);
  }

  static void with(String node, Consumer<AfterCommit> run) {
    System.setProperty("node", node);
    try (var spring = new AnnotationConfigApplicationContext(Application.class, Ringer.class)) {
      run.accept(new AfterCommit(spring));
    }
  }

  public static void main(String[] args) {
    with("http://127.0.0.1:8080", AfterCommit::run);
    with("http://127.0.0.1:9", AfterCommit::runWithoutANode);
  }
}
