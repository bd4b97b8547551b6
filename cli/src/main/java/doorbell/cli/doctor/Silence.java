package doorbell.cli.doctor;

import static java.util.Comparator.naturalOrder;

import doorbell.cli.doctor.Finding.Check;
import doorbell.cli.doctor.WebServer.Trouble;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * The check of silence: how long a wait lives of which nothing is heard. Waits of several holds
 * begin at once, each over a connection of its own, so all take as long as the longest.
 */
final class Silence {
  private static final int WAITS = 8;

  /** What clients ask for at a time, unless they are told otherwise. */
  private static final Duration USUAL_HOLD = Duration.ofSeconds(25);

  /** A page asks for no less, wherever it is cut. */
  private static final Duration LEAST_HOLD = Duration.ofSeconds(5);

  enum End {
    /** With an answer of the node's. */
    ANSWERED,
    /** With another answer, or with the connection. */
    CUT,
    /** With none, long after the hold was over. */
    LOST,
    /** With a refusal: there was no room for one more. */
    REFUSED
  }

  /**
   * A wait that is over.
   *
   * @param how what ended it, as the end of a sentence
   */
  record Wait(Duration hold, Duration lasted, End end, String how) {}

  private final Site site;

  Silence(Site site) {
    this.site = site;
  }

  Finding check() {
    List<Site.Client> clients = new ArrayList<>();
    try {
      List<CompletableFuture<Wait>> waits = new ArrayList<>();
      for (Duration hold : holds(longest(site))) {
        Site.Client client = site.client();
        clients.add(client);
        waits.add(begin(client, hold));
      }
      return judge(waits.stream().map(CompletableFuture::join).toList());
    } finally {
      clients.forEach(Site.Client::close);
    }
  }

  /** A little less than a round number, which is what proxies are told. */
  static Duration longest(Site site) {
    return site.longest().multipliedBy(99).dividedBy(100);
  }

  /** The longest first: where a node takes few waits of an address, that is taken. */
  static List<Duration> holds(Duration longest) {
    return Stream.iterate(WAITS, i -> i > 0, i -> i - 1)
        .map(i -> longest.multipliedBy(i).dividedBy(WAITS).truncatedTo(ChronoUnit.MILLIS))
        .toList();
  }

  private CompletableFuture<Wait> begin(Site.Client client, Duration hold) {
    long start = System.nanoTime();
    String rest = Site.newId() + "?timeout=" + hold.toMillis() / 1e3;
    return client
        .hang(rest, hold.plus(site.patience()))
        .handle(
            (answer, failure) -> {
              Duration lasted = Duration.ofNanos(System.nanoTime() - start);
              return failure == null
                  ? ended(hold, lasted, answer)
                  : ended(hold, lasted, failure.getCause() == null ? failure : failure.getCause());
            });
  }

  static Wait ended(Duration hold, Duration lasted, Answer answer) {
    End end = answer.status() == 204 ? End.ANSWERED : answer.isRefusal() ? End.REFUSED : End.CUT;
    String how =
        end == End.REFUSED ? answer.refusal() : "it is answered " + answer.status() + " then";
    return new Wait(hold, lasted, end, how);
  }

  private static Wait ended(Duration hold, Duration lasted, Throwable failure) {
    End end = failure instanceof TimeoutException ? End.LOST : End.CUT;
    return new Wait(hold, lasted, end, Answer.failure(failure) + " then");
  }

  /** The bound that the waits show: where the longest that got its answer ends. */
  static Finding judge(List<Wait> waits) {
    Duration survived =
        waits.stream()
            .filter(wait -> wait.end == End.ANSWERED)
            .map(wait -> shorter(wait.hold, wait.lasted))
            .max(naturalOrder())
            .orElse(Duration.ZERO);
    Optional<Wait> cut = first(waits, End.CUT);
    if (cut.isPresent()) {
      return cut(cut.get());
    }
    Optional<Wait> lost = first(waits, End.LOST);
    if (lost.isPresent()) {
      return lost(survived, lost.get().hold);
    }
    if (survived.isZero()) {
      return Check.SILENCE.untried("no wait is taken now: " + waits.getFirst().how);
    }
    return Check.SILENCE.well(
        "a wait was silent for " + Finding.time(survived) + " and got its answer");
  }

  private static Optional<Wait> first(List<Wait> waits, End end) {
    return waits.stream()
        .filter(wait -> wait.end == end)
        .min((one, other) -> one.lasted.compareTo(other.lasted));
  }

  private static Finding cut(Wait cut) {
    return Check.SILENCE.cross(
        Trouble.CUT,
        "something between cuts a silent wait after " + Finding.whole(cut.lasted) + ": " + cut.how,
        whatClientsDo(cut.lasted));
  }

  static String whatClientsDo(Duration cut) {
    if (cut.compareTo(USUAL_HOLD) > 0) {
      return "Clients ask for 25 s at a time and don't meet this; a wait that asks for more does.";
    }
    return cut.compareTo(LEAST_HOLD) < 0
        ? "Clients ask again after a pause: a wake may be late by that, and each wait costs many"
            + " requests."
        : "Clients ask again: it works, but each wait costs a request every "
            + Finding.whole(cut)
            + " or less.";
  }

  private static Finding lost(Duration survived, Duration lost) {
    return Check.SILENCE.cross(
        Trouble.CUT,
        "a wait of "
            + Finding.time(lost)
            + " never got its answer"
            + (survived.isZero() ? "" : ", one of " + Finding.time(survived) + " did")
            + ": something between forgets a silent connection without a word",
        "Clients notice 10 s after their hold, and ask again: a wake is late by that.");
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
