package doorbell.cli;

import doorbell.client.EventId;
import doorbell.client.SealedId;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Picks a random id. Nobody has to be asked: large random numbers don't meet. */
@Command(
    name = "new",
    description = "Prints a random id; with --sealed, an id and the key that sets it.",
    mixinStandardHelpOptions = true)
final class NewCommand implements Callable<Integer> {
  @Option(names = "--sealed", description = "One that only the key's owner can set: ID KEY.")
  private boolean sealed;

  @Override
  public Integer call() {
    if (sealed) {
      SealedId id = SealedId.random();
      System.out.println(id.id() + " " + id.key());
    } else {
      System.out.println(EventId.random());
    }
    return Main.WELL;
  }
}
