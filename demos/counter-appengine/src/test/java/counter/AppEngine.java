package counter;

import com.google.appengine.tools.development.testing.LocalDatastoreServiceTestConfig;
import com.google.appengine.tools.development.testing.LocalServiceTestHelper;
import com.google.appengine.tools.development.testing.LocalURLFetchServiceTestConfig;
import com.google.apphosting.api.ApiProxy;
import java.lang.reflect.Proxy;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** App Engine's services as the SDK has them for tests: URL Fetch really fetches. */
final class AppEngine implements AutoCloseable {
  /** Codes of the Datastore's failures. */
  static final int CONCURRENT_TRANSACTION = 2;

  static final int TIMEOUT = 5;

  private final LocalServiceTestHelper helper =
      new LocalServiceTestHelper(
          new LocalDatastoreServiceTestConfig(), new LocalURLFetchServiceTestConfig());
  private final ApiProxy.Environment environment;
  private final ApiProxy.Delegate<?> services;

  AppEngine() {
    helper.setUp();
    environment = ApiProxy.getCurrentEnvironment();
    services = ApiProxy.getDelegate();
  }

  /** From now on, the thread that calls this works for a request. */
  void enter() {
    ApiProxy.setEnvironmentForCurrentThread(environment);
  }

  /**
   * From now on so many commits fail with that code. Where {@code made}, they come true all the
   * same: the Datastore says that this may happen.
   *
   * @return counts the commits
   */
  AtomicInteger failCommits(int times, int code, boolean made) {
    AtomicInteger commits = new AtomicInteger();
    intercept(
        "Commit",
        commit -> {
          if (commits.incrementAndGet() > times) {
            return commit.call();
          }
          if (made) {
            ((Future<?>) commit.call()).get();
          }
          return CompletableFuture.failedFuture(
              new ApiProxy.ApplicationException(code, "as the test wants it"));
        });
    return commits;
  }

  /** From now on URL Fetch is over its quota. */
  void exhaustFetches() {
    intercept(
        "Fetch",
        fetch -> {
          throw new ApiProxy.OverQuotaException("urlfetch", "Fetch");
        });
  }

  private interface Interception {
    Object answer(Callable<Object> call) throws Exception;
  }

  private void intercept(String name, Interception interception) {
    Object delegate =
        Proxy.newProxyInstance(
            AppEngine.class.getClassLoader(),
            new Class<?>[] {ApiProxy.Delegate.class},
            (proxy, method, arguments) -> {
              Callable<Object> call = () -> method.invoke(services, arguments);
              return method.getName().equals("makeAsyncCall") && arguments[2].equals(name)
                  ? interception.answer(call)
                  : call.call();
            });
    ApiProxy.setDelegate((ApiProxy.Delegate<?>) delegate);
  }

  @Override
  public void close() {
    ApiProxy.setDelegate(services);
    helper.tearDown();
  }
}
