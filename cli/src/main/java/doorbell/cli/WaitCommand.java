package doorbell.cli;

import doorbell.client.Doorbell;
import doorbell.client.EventId;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** The command that waits until an event is set. */
final class WaitCommand {
  private static final String TIMEOUT = "--timeout";

  static final Command COMMAND =
      new Command(
          "wait",
          "Waits until an event is set: exit code 0. Not in time: 1. An error: 2.",
          EventAddress.EVENT,
          List.of(
              EventAddress.NODE,
              Option.of(
                  TIMEOUT,
                  "TIME",
                  "How long to wait at most; without end if not given. 0 only asks.")),
          WaitCommand::run);

  private WaitCommand() {}

  private static int run(Arguments given) throws ExecutionException, InterruptedException {
    try (EventAddress place = new EventAddress(given)) {
      EventId id = place.id();
      boolean forever = given.find(TIMEOUT) == null;
      CompletableFuture<Void> set;
      if (forever) {
        set = place.client().wait(id);
      } else {
        var timeout = given.time(TIMEOUT);
        Doorbell client = place.client();
        set = client.wait(id, timeout);
      }
      set.get();
      return Main.WELL;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TimeoutException late) {
        if (late.getCause() == null) {
          return Main.NOT_IN_TIME;
        }
        throw new IllegalStateException(
            late.getMessage() + " The node could not be asked: " + Main.sentence(late.getCause()),
            late);
      }
      throw e;
    }
  }
}
