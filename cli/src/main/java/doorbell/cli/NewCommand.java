package doorbell.cli;

import doorbell.Option;
import doorbell.OptionType;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.run.ExitCode;
import doorbell.client.EventId;
import doorbell.client.SealedId;
import java.util.List;

/** Picks a random id. No node has to be asked: large random numbers don't meet. */
final class NewCommand {
  private static final Option<Boolean> SEALED =
      Option.of("sealed", OptionType.FLAG, "One that only the key's owner can set: ID KEY.");

  static final Command COMMAND =
      new Command(
          "new",
          "Prints a random id; with --sealed, an id and the key that sets it.",
          null,
          List.of(SEALED),
          NewCommand::run);

  private NewCommand() {}

  private static int run(Arguments given) {
    if (given.isOn(SEALED)) {
      SealedId id = SealedId.random();
      System.out.println(id.id() + " " + id.key());
    } else {
      System.out.println(EventId.random());
    }
    return ExitCode.WELL;
  }
}
