package doorbell.cli;

import doorbell.client.Doorbell;
import doorbell.client.EventId;
import doorbell.client.SealedId;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sets an event. */
@Command(
    name = "set",
    description = "Sets an event, for good, and says whether this call did or it was set already.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class SetCommand implements Callable<Integer> {
  @Mixin private Place place = new Place();

  @Option(names = "--key", paramLabel = "KEY", description = "The key, where the id is sealed.")
  private @Nullable String key;

  @Option(
      names = "--spread",
      paramLabel = "TIME",
      defaultValue = "0s",
      converter = Values.Time.class,
      description = "Wakes those who wait evenly over this time.")
  private Duration spread = Duration.ZERO;

  @Override
  public Integer call() throws ExecutionException, InterruptedException {
    EventId id = place.id();
    SealedId sealed = key == null ? null : new SealedId(id, key);
    Doorbell client = place.client().withSpread(spread);
    boolean first = (sealed == null ? client.set(id) : client.set(sealed)).get();
    System.out.println(first ? "set" : "set already");
    return Main.WELL;
  }
}
