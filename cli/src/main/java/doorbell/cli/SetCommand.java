package doorbell.cli;

import doorbell.client.Doorbell;
import doorbell.client.SealedId;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Sets an event. */
@Command(
    name = "set",
    description = "Sets an event, for good, and says whether this call did or it was set already.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class SetCommand implements Callable<Integer> {
  @Parameters(paramLabel = "URL|ID", description = "The event: http://HOST:PORT/ID, or its id.")
  private String event = "";

  @Option(names = "--key", paramLabel = "KEY", description = "The key, where the id is sealed.")
  private @Nullable String key;

  @Option(
      names = "--spread",
      paramLabel = "TIME",
      defaultValue = "0s",
      converter = Values.Time.class,
      description = "Wakes those who wait evenly over this time.")
  private Duration spread = Duration.ZERO;

  @Option(
      names = "--node",
      paramLabel = "URL",
      defaultValue = Place.DEFAULT_NODE,
      description = "The node, where the event is a bare id. Default: ${DEFAULT-VALUE}")
  private String node = "";

  @Override
  public Integer call() throws ExecutionException, InterruptedException {
    Place place = Place.parse(event, node);
    SealedId sealed = key == null ? null : new SealedId(place.id(), key);
    Doorbell client = place.client().withSpread(spread);
    boolean first = (sealed == null ? client.set(place.id()) : client.set(sealed)).get();
    System.out.println(first ? "set" : "set already");
    return Main.WELL;
  }
}
