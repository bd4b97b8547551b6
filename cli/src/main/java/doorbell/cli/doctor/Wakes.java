package doorbell.cli.doctor;

import doorbell.cli.doctor.Finding.Check;
import doorbell.cli.doctor.WebServer.Trouble;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The checks of a set and its wake, and of caches between the two. */
final class Wakes {
  private static final String ONLY_ASK = "?timeout=0";

  /** Between a wait and its set, so that the wait is parked by then; if not, all is well too. */
  private static final Duration PARKED = Duration.ofMillis(250);

  /** Of two nodes behind one name, each connection may meet another. */
  private static final int CONNECTIONS = 6;

  private final Site site;

  Wakes(Site site) {
    this.site = site;
  }

  /** A parked wait as a script element's, and one as fetch's, are woken by a set. */
  Finding set() throws IOException, InterruptedException {
    String id = Site.newId();
    String rest = id + "?timeout=" + site.patience().toSeconds();
    Duration within = site.patience().multipliedBy(2);
    try (Site.Client client = site.client()) {
      CompletableFuture<Answer> script = client.hang(rest, within, "Accept", "*/*");
      CompletableFuture<Answer> fetch =
          client.hang(rest + "&_=1", within, "Accept", "application/json");
      Thread.sleep(PARKED);
      long start = System.nanoTime();
      Answer set = client.set(id);
      if (set.status() != 201 && set.status() != 200) {
        return refused(set);
      }
      Answer byScript = Site.join(script);
      Answer byFetch = Site.join(fetch);
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      return told(id, isTold(byScript, "doorbell(\"" + id) ? byFetch : byScript, took);
    }
  }

  /** What came of the waits: the answer of fetch, unless that of the script is a strange one. */
  private Finding told(String id, Answer answer, Duration took) throws IOException {
    if (answer.isRefusal()) {
      return Check.SET.untried("no wait is taken now: " + answer.refusal());
    }
    if (answer.status() == 204) {
      return unheard(id);
    }
    if (!isTold(answer, "{\"set\":[\"" + id)) {
      return Check.SET.cross(
          "after the set, the wait is answered by something else: status "
              + answer.status()
              + ", "
              + answer.field("Content-Type"));
    }
    return everyNodeKnows(id)
        ? Check.SET.well(
            "a parked wait was woken " + Finding.time(took) + " after its set was sent")
        : twoNodes();
  }

  private static boolean isTold(Answer answer, String start) {
    return answer.status() == 200 && answer.body().startsWith(start);
  }

  static Finding refused(Answer set) {
    if (set.isFull()) {
      return Check.SET.cross(
          "the node refuses a set: " + set.problem(), "See docs/troubleshooting.md, 503.");
    }
    if ((set.status() == 401 || set.status() == 403) && !set.problem().isEmpty()) {
      return Check.SET.untried("the node says: " + set.problem());
    }
    return Check.SET.cross(
        "a POST is answered " + set.status() + ": sets don't get through here",
        "Have POST passed on to the node, or set where nothing is between: an application may have"
            + " another URL for the node than pages.");
  }

  private Finding unheard(String id) throws IOException {
    try (Site.Client client = site.client()) {
      return client.get(id + ONLY_ASK + "&_=2").status() == 200 && everyNodeKnows(id)
          ? Check.SET.cross(
              Trouble.BUFFERED,
              "the set is kept, but a wait that was parked meanwhile was not told of it")
          : twoNodes();
    }
  }

  private boolean everyNodeKnows(String id) throws IOException {
    for (int i = 0; i < CONNECTIONS; i++) {
      try (Site.Client client = site.client()) {
        if (client.get(id + ONLY_ASK + "&_=c" + i).status() == 204) {
          return false;
        }
      }
    }
    return true;
  }

  private static Finding twoNodes() {
    return Check.SET.cross(
        "an event is set, and asked again the node doesn't know: are there two?",
        "Run one node behind this URL, and no copies: two don't know of each other.");
  }

  /** Asks before and after a set by the very same URL. */
  Finding cache() throws IOException {
    String id = Site.newId();
    try (Site.Client client = site.client()) {
      Answer before = client.get(id + ONLY_ASK);
      client.set(id);
      Answer after = client.get(id + ONLY_ASK);
      return judge(before, after, everyNodeKnows(id));
    }
  }

  /**
   * The check by the answers before and after a set.
   *
   * @param isKnown whether the node, or each of several, knows of the set when it is asked by a URL
   *     that is new
   */
  static Finding judge(Answer before, Answer after, boolean isKnown) {
    if (before.status() == 200) {
      return Check.CACHE.cross(
          Trouble.CACHED, "an event is said to be set that nobody has set: an answer to another");
    }
    if (after.status() == 204 && isKnown) {
      return Check.CACHE.cross(
          Trouble.CACHED, "asked again after a set, a cache said \"not yet\" as before");
    }
    for (Answer answer : new Answer[] {before, after}) {
      String age = answer.field("Age");
      if (!age.isEmpty() && !age.equals("0")) {
        return Check.CACHE.cross(
            Trouble.CACHED, "an answer came out of a cache, where it was for " + age + " s");
      }
      if (!answer.values("Cache-Control").contains("no-store")) {
        return Check.CACHE.cross(Trouble.CACHED, changed(answer.field("Cache-Control")));
      }
    }
    return isKnown
        ? Check.CACHE.well("nothing keeps an answer")
        : Check.CACHE.untried(
            "the set of this check didn't get through, or not to all that answer here");
  }

  private static String changed(String control) {
    return "`Cache-Control: no-store` "
        + (control.isEmpty() ? "is lost on the way" : "is " + control + " here");
  }
}
