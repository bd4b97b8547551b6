package doorbell.cli.doctor;

import doorbell.Option;
import doorbell.OptionType;
import doorbell.cli.doctor.Certificate.Trust;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.options.SetToken;
import doorbell.cli.run.ExitCode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The command that examines a node's URL. All else of this package is loaded when it runs. */
public final class DoctorCommand {
  private static final Option<String> URL =
      Option.of(
          "url",
          OptionType.text("URL"),
          "The node's URL as pages have it: https://HOST/doorbell, for example.");

  private static final Option<Duration> LONGEST =
      Option.of(
              "longest",
              OptionType.TIME,
              "How long a wait may be silent, which is tried up to here; all takes about as long.")
          .or("60s")
          .that(Option.between(Duration.ofSeconds(1), Duration.ofHours(1)));

  private static final Option<Path> CA =
      Option.of(
          "ca",
          OptionType.FILE,
          "Certificates in PEM to trust, besides those that Java trusts: for a CA of your own.");

  public static final Command COMMAND =
      new Command(
          "doctor",
          "Asks a node as a page would, through all proxies in between, and tells what is wrong"
              + " there and its cure. Exit code 0: nothing is. 1: something is. 2: an error.",
          URL,
          List.of(LONGEST, CA, SetToken.FILE),
          DoctorCommand::run);

  private DoctorCommand() {}

  private static int run(Arguments given) throws InterruptedException {
    // Else HttpClient asks once more where a connection is cut, and nobody sees the cut.
    System.setProperty("jdk.httpclient.redirects.retrylimit", "1");
    Site site = Site.of(given.get(URL), given.get(LONGEST), Trust.of(given.find(CA)));
    site.setBy(SetToken.of(given));
    return new Doctor(site, new Page(System.out)).examine() ? ExitCode.WELL : ExitCode.LACKING;
  }
}
