package doorbell.cli;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Waits until an event is set. */
@Command(
    name = "wait",
    description = "Waits until an event is set: exit code 0. Not in time: 1. An error: 2.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class WaitCommand implements Callable<Integer> {
  @Parameters(paramLabel = "URL|ID", description = "The event: http://HOST:PORT/ID, or its id.")
  private String event = "";

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Values.Time.class,
      description = "How long to wait at most; without end if not given. 0 only asks.")
  private @Nullable Duration timeout;

  @Option(
      names = "--node",
      paramLabel = "URL",
      defaultValue = Place.DEFAULT_NODE,
      description = "The node, where the event is a bare id. Default: ${DEFAULT-VALUE}")
  private String node = "";

  @Override
  public Integer call() throws ExecutionException, InterruptedException {
    Place place = Place.parse(event, node);
    CompletableFuture<Void> set =
        timeout == null
            ? place.client().wait(place.id())
            : place.client().wait(place.id(), timeout);
    try {
      set.get();
      return Main.WELL;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TimeoutException) {
        return Main.NOT_IN_TIME;
      }
      throw e;
    }
  }
}
