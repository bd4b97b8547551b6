package doorbell.cli;

import doorbell.Option;
import doorbell.OptionType;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.run.ExitCode;
import doorbell.client.Doorbell;
import doorbell.client.EventId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** The command that waits until an event is set. */
final class WaitCommand {
  private static final Option<Duration> TIMEOUT =
      Option.of(
          "timeout",
          OptionType.TIME,
          "How long to wait at most; without end if not given. 0 only asks.");

  static final Command COMMAND =
      new Command(
          "wait",
          "Waits until an event is set: exit code 0. Not in time: 1. An error: 2.",
          EventAddress.EVENT,
          List.of(EventAddress.NODE, TIMEOUT),
          WaitCommand::run);

  private WaitCommand() {}

  private static int run(Arguments given) throws ExecutionException, InterruptedException {
    try (EventAddress place = new EventAddress(given)) {
      EventId id = place.id();
      Duration timeout = given.find(TIMEOUT);
      Doorbell client = place.client();
      (timeout == null ? client.wait(id) : client.wait(id, timeout)).get();
      return ExitCode.WELL;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TimeoutException late) {
        if (late.getCause() == null) {
          return ExitCode.NOT_IN_TIME;
        }
        throw new IllegalStateException(
            late.getMessage() + " The node could not be asked: " + Main.sentence(late.getCause()),
            late);
      }
      throw e;
    }
  }
}
