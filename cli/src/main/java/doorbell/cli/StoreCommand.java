package doorbell.cli;

import doorbell.Option;
import doorbell.OptionType;
import doorbell.Options;
import doorbell.StoreOptions;
import doorbell.Stores;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.run.ExitCode;
import java.util.List;

/** Makes what a store in PostgreSQL needs there. */
final class StoreCommand {
  private static final String INIT = "init";

  private static final Option<String> ACTION =
      Option.of("action", OptionType.text("ACTION"), "What to do: init, the only action there is.");

  private static final Option<Boolean> PRINT =
      Option.of(
          "print", OptionType.FLAG, "Print the SQL, for somebody else to run, and change nothing.");

  static final Command COMMAND =
      new Command(
          "store",
          "Makes the table and the functions of a store in PostgreSQL: doorbell store init --store"
              + " postgresql://HOST/DATABASE. Sets that are there stay.",
          ACTION,
          List.of(Options.STORE, StoreOptions.PASSWORD_FILE, StoreOptions.PREFIX, PRINT),
          StoreCommand::run);

  private StoreCommand() {}

  private static int run(Arguments given) {
    if (!given.get(ACTION).equals(INIT)) {
      throw given.misuse("doorbell store can init, not '" + given.get(ACTION) + "'");
    }
    String store = given.get(Options.STORE);
    String prefix = given.get(StoreOptions.PREFIX);
    if (given.isOn(PRINT)) {
      System.out.print(Stores.initSql(store, prefix));
      return ExitCode.WELL;
    }
    Stores.init(store, given.find(StoreOptions.PASSWORD_FILE), prefix);
    System.out.println(
        """
        doorbell: the table %s_events and its functions are there. Two grants are left to do, with
        the names of your roles:
          GRANT %s_node TO the_role_of_the_nodes;
          GRANT %s_setter TO the_role_of_the_application;"""
            .formatted(prefix, prefix, prefix));
    return ExitCode.WELL;
  }
}
