package doorbell.cli;

import doorbell.Option;
import doorbell.OptionType;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.run.ExitCode;
import doorbell.client.EventId;
import doorbell.client.SealedId;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/** Picks a random id. No node has to be asked: large random numbers don't meet. */
final class NewCommand {
  private static final Option<Boolean> SEALED =
      Option.of("sealed", OptionType.FLAG, "One that only the key's owner can set: ID KEY.");

  private static final Option<Boolean> SET_TOKEN =
      Option.of(
          "set-token",
          OptionType.FLAG,
          "A token for a line of --set-token-file, which has a name before it: NAME TOKEN.");

  private static final int TOKEN_BYTES = 32;

  static final Command COMMAND =
      new Command(
          "new",
          "Prints a random id; with --sealed, an id and the key that sets it; with --set-token, a"
              + " token.",
          null,
          List.of(SEALED, SET_TOKEN),
          NewCommand::run);

  private NewCommand() {}

  private static int run(Arguments given) {
    if (given.isOn(SEALED) && given.isOn(SET_TOKEN)) {
      throw given.misuse("--sealed and --set-token don't go together: give one");
    }
    if (given.isOn(SET_TOKEN)) {
      byte[] random = new byte[TOKEN_BYTES];
      new SecureRandom().nextBytes(random);
      System.out.println(HexFormat.of().formatHex(random));
    } else if (given.isOn(SEALED)) {
      SealedId id = SealedId.random();
      System.out.println(id.id() + " " + id.key());
    } else {
      System.out.println(EventId.random());
    }
    return ExitCode.WELL;
  }
}
