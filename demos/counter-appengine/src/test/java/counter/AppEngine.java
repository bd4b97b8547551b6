package counter;

import com.google.appengine.tools.development.testing.LocalDatastoreServiceTestConfig;
import com.google.appengine.tools.development.testing.LocalServiceTestHelper;
import com.google.appengine.tools.development.testing.LocalURLFetchServiceTestConfig;
import com.google.apphosting.api.ApiProxy;
import java.lang.reflect.Proxy;
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
    Object failing =
        Proxy.newProxyInstance(
            AppEngine.class.getClassLoader(),
            new Class<?>[] {ApiProxy.Delegate.class},
            (proxy, method, arguments) -> {
              boolean isCommit =
                  method.getName().equals("makeAsyncCall") && arguments[2].equals("Commit");
              if (!isCommit || commits.incrementAndGet() > times) {
                return method.invoke(services, arguments);
              }
              if (made) {
                ((Future<?>) method.invoke(services, arguments)).get();
              }
              return CompletableFuture.failedFuture(
                  new ApiProxy.ApplicationException(code, "as the test wants it"));
            });
    ApiProxy.setDelegate((ApiProxy.Delegate<?>) failing);
    return commits;
  }

  @Override
  public void close() {
    ApiProxy.setDelegate(services);
    helper.tearDown();
  }
}
