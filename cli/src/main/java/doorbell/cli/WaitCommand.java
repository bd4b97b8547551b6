package doorbell.cli;

import doorbell.client.Doorbell;
import doorbell.client.EventId;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Waits until an event is set. */
@Command(
    name = "wait",
    description = "Waits until an event is set: exit code 0. Not in time: 1. An error: 2.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class WaitCommand implements Callable<Integer> {
  @Mixin private Place place = new Place();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Values.Time.class,
      description = "How long to wait at most; without end if not given. 0 only asks.")
  private @Nullable Duration timeout;

  @Override
  public Integer call() throws ExecutionException, InterruptedException {
    EventId id = place.id();
    Doorbell client = place.client();
    CompletableFuture<Void> set = timeout == null ? client.wait(id) : client.wait(id, timeout);
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
