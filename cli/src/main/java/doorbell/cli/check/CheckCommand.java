package doorbell.cli.check;

import static doorbell.Option.between;
import static java.util.Objects.requireNonNull;

import doorbell.Option;
import doorbell.OptionType;
import doorbell.Options;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.run.ExitCode;
import doorbell.http.Memory;
import doorbell.io.Transport;
import doorbell.store.RocksStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command that says whether this host can hold so many waits. */
public final class CheckCommand {
  private static final Option<Integer> WAITS =
      Option.of(
              "waits",
              OptionType.NUMBER,
              "For how many waits, each on a connection of its own. By default as many as a node"
                  + " parks here, the default of --max-waits.")
          .or(
              () -> requireNonNull(Options.MAX_WAITS.fallback()),
              requireNonNull(Options.MAX_WAITS.words()))
          .that(between(1, Integer.MAX_VALUE));

  private static final Option<String> STORE =
      Option.of(
              "store",
              Options.STORE.type(),
              "Looks at the disk of this store too, and at the time of a sync there.")
          .that(Options.STORE.check());

  public static final Command COMMAND =
      new Command(
          "check",
          "Says whether this host can hold so many waits, and what mends it where not. It changes"
              + " nothing. Exit code 0: it can, 1: it can't.",
          null,
          List.of(WAITS, STORE, Options.TRANSPORT),
          CheckCommand::run);

  private CheckCommand() {}

  private static int run(Arguments given) {
    int waits = given.get(WAITS);
    Transport asked = given.get(Options.TRANSPORT);
    Transport taken = asked.resolve();
    Host host = new Host(Path.of("/"));
    List<Finding> all = new ArrayList<>(new FileCheck(host, waits).look());
    all.addAll(new NetworkCheck(host, waits).look());
    String store = given.find(STORE);
    Path folder = store == null ? null : Options.defaults().with(Options.STORE, store).directory();
    long ofStore = folder == null ? 0 : RocksStore.MOST_MEMORY;
    all.addAll(new MemoryCheck(host, waits, Memory.heap(), Memory.waits(), ofStore).look());
    all.addAll(new KernelCheck(host, asked, taken, taken.unavailability()).look(waits));
    if (folder != null) {
      all.addAll(new StoreCheck(folder).look());
    }
    Report report = new Report(waits, all, System.out.charset());
    report.lines().forEach(System.out::println);
    return report.isGood() ? ExitCode.WELL : ExitCode.LACKING;
  }
}
