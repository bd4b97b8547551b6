package doorbell.cli;

import doorbell.client.Doorbell;
import doorbell.client.EventId;
import doorbell.client.SealedId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** Sets an event. */
final class SetCommand {
  static final Command COMMAND =
      new Command(
          "set",
          "Sets an event, for good, and says whether this call did or it was set already.",
          Place.EVENT,
          List.of(
              Place.NODE,
              Option.of("--key", "KEY", "The key, where the id is sealed."),
              Option.of("--spread", "TIME", "Wakes those who wait evenly over this time.")
                  .or("0s")),
          SetCommand::run);

  private SetCommand() {}

  private static int run(Arguments given) throws ExecutionException, InterruptedException {
    try (Place place = new Place(given)) {
      EventId id = place.id();
      String key = given.find("--key");
      Duration spread = given.time("--spread");
      SealedId sealed = key == null ? null : new SealedId(id, key);
      Doorbell client = place.client().withSpread(spread);
      boolean first = (sealed == null ? client.set(id) : client.set(sealed)).get();
      System.out.println(first ? "set" : "set already");
      return Main.WELL;
    }
  }
}
