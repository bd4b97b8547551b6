package doorbell.cli;

import doorbell.client.EventId;
import doorbell.client.SealedId;
import java.util.List;

/** Picks a random id. No node has to be asked: large random numbers don't meet. */
final class NewCommand {
  static final Command COMMAND =
      new Command(
          "new",
          "Prints a random id; with --sealed, an id and the key that sets it.",
          null,
          List.of(Option.flag("--sealed", "One that only the key's owner can set: ID KEY.")),
          NewCommand::run);

  private NewCommand() {}

  private static int run(Arguments given) {
    if (given.has("--sealed")) {
      SealedId id = SealedId.random();
      System.out.println(id.id() + " " + id.key());
    } else {
      System.out.println(EventId.random());
    }
    return Main.WELL;
  }
}
