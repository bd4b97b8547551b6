package doorbell;

import static java.util.Objects.requireNonNull;

import doorbell.count.Counter;
import doorbell.event.EventId;
import doorbell.http.HttpLimits;
import doorbell.wait.LoopCounts.Via;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What must be true of a simulated node, whatever happens. */
final class Promises {
  /** Deadlines are kept in coarse slots. */
  private static final long LATE_MILLIS = 150;

  private static final Pattern NAMED = Pattern.compile("[(\",\\[]\"?([0-9a-fA-F-]+)\"?[)\",\\]]");
  private static final Pattern COUNTS = Pattern.compile("\\{\"set\":(\\d+),\"already\":(\\d+)}\n");

  private final SimulatedNode node;
  private final List<Caller> callers;
  private final boolean isCrowded;
  private final Set<EventId> posted = new HashSet<>();
  private final Set<EventId> acknowledged = new HashSet<>();
  private final Set<EventId> set201 = new HashSet<>();
  private int answeredFirst;
  private boolean missedAnswers;

  /** The node has ended its drain and closes what is open: who broke off hears no more. */
  boolean ended;

  Promises(SimulatedNode node, List<Caller> callers, boolean isCrowded) {
    this.node = node;
    this.callers = callers;
    this.isCrowded = isCrowded;
  }

  void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  void onSent(Asked asked) {
    asked.sent = true;
    asked.sentNanos = node.ticker.nanoTime();
    asked.acknowledgedBefore = Set.copyOf(acknowledged);
    asked.failuresBefore = node.store.failures(asked.ids);
    if (asked.sets()) {
      posted.addAll(asked.ids);
    }
  }

  void checkAnswers() {
    check(node.thrown.isEmpty(), "a fault of ours: " + node.thrown);
    callers.forEach(this::checkAnswers);
  }

  void checkAnswers(Caller caller) {
    StringBuilder received = caller.client.received();
    while (!received.isEmpty()) {
      Asked asked = caller.asked.poll();
      check(asked != null, caller + " asked nothing and is answered " + received);
      Asked known = requireNonNull(asked);
      boolean read = known.sent && received.indexOf("HTTP/1.1 408") != 0;
      Answer answer = Answer.take(received, read && known.kind == Asked.Kind.HEAD);
      check(answer != null, caller + " gets half an answer to " + known + ": " + received);
      caller.unsent = known.sent ? caller.unsent : "";
      caller.toldThatItCloses |= requireNonNull(answer).closes();
      check(requireNonNull(answer), known, caller);
      caller.lastAnswerNanos = node.ticker.nanoTime();
    }
    if (!caller.client.isOpen()) {
      checkClosed(caller);
    }
  }

  /** Nobody is sent away without an answer, except who said nothing. */
  private void checkClosed(Caller caller) {
    Asked first = caller.asked.peek();
    boolean silent = first == null || (ended && !first.sent);
    missedAnswers |= caller.hungUp && !silent;
    check(
        caller.hungUp || caller.toldThatItCloses || silent || caller.stalled,
        caller + " is cut off and never hears of " + caller.asked);
  }

  private void check(Answer answer, Asked asked, Caller caller) {
    String what = caller + " asked " + asked + " and is answered " + answer.status();
    boolean right =
        switch (answer.status()) {
          case 200 -> asked.sets() ? isStored(asked, answer) : isTrue(asked, answer);
          case 201 -> asked.kind == Asked.Kind.SET && isFirst(asked);
          case 204 -> asked.asks() && isNotYet(asked, caller);
          case 400 -> asked.kind == Asked.Kind.NONSENSE;
          case 408 -> !asked.sent || caller.stalled;
          case 429 -> asked.asks() && isCrowded;
          case 503 -> isExcused(asked, caller);
          default -> false;
        };
    check(right, what + ": " + answer.head() + answer.body());
    check(asked.sent || answer.status() == 408, what + " before it was sent");
  }

  /** 200 names what was asked for, and nothing that nobody set. */
  private boolean isTrue(Asked asked, Answer answer) {
    if (!asked.asks()) {
      return false;
    }
    if (asked.kind == Asked.Kind.HEAD) {
      return asked.ids.stream().anyMatch(posted::contains);
    }
    List<String> named =
        NAMED.matcher(answer.body()).results().map(found -> found.group(1)).toList();
    List<String> known = asked.texts.stream().filter(text -> wasKnown(asked, text)).toList();
    return !named.isEmpty()
        && asked.texts.containsAll(named)
        && named.stream().map(EventId::parse).allMatch(posted::contains)
        && (node.store.latePercent > 0 || node.store.failPercent > 0 || named.containsAll(known));
  }

  private static boolean wasKnown(Asked asked, String text) {
    return asked.acknowledgedBefore.contains(EventId.parse(text));
  }

  /**
   * 204 comes when the hold has passed or the node ends, and not for what was long set, unless the
   * node ends and its store can't tell.
   */
  private boolean isNotYet(Asked asked, Caller caller) {
    boolean inTime =
        asked.kind != Asked.Kind.WAIT
            || caller.client.loop.isDraining()
            || millisSince(asked.sentNanos) >= Math.min(asked.holdMillis, 3_600_000);
    boolean wasSet = asked.texts.stream().anyMatch(text -> wasKnown(asked, text));
    boolean isTold =
        asked.kind == Asked.Kind.WAIT
            && caller.client.loop.isDraining()
            && node.store.failures(asked.ids) > asked.failuresBefore;
    boolean isSlow = asked.kind == Asked.Kind.WAIT && node.store.latePercent > 0;
    return inTime && (!wasSet || isTold || isSlow);
  }

  private boolean isFirst(Asked asked) {
    answeredFirst++;
    return set201.add(asked.ids.get(0)) && isKept(asked);
  }

  private boolean isStored(Asked asked, Answer answer) {
    if (asked.kind == Asked.Kind.SET_MANY) {
      Matcher counts = COUNTS.matcher(answer.body());
      check(counts.matches(), "the counts are " + answer.body());
      int first = Integer.parseInt(counts.group(1));
      answeredFirst += first;
      check(
          first + Integer.parseInt(counts.group(2)) == asked.ids.size(),
          "of " + asked + " only " + answer.body());
    }
    return isKept(asked);
  }

  /** A set is acknowledged when the store has it. */
  private boolean isKept(Asked asked) {
    acknowledged.addAll(asked.ids);
    return asked.ids.stream().allMatch(node.store::has);
  }

  /**
   * 503 comes only if the store failed this time, or is slow, also for a node that ends, or there
   * is no room.
   */
  private boolean isExcused(Asked asked, Caller caller) {
    missedAnswers |= asked.sets();
    boolean failed = node.store.failures(asked.ids) > asked.failuresBefore;
    boolean slow =
        asked.kind != Asked.Kind.WAIT && millisSince(asked.sentNanos) >= HttpLimits.SET_MILLIS;
    boolean cut =
        asked.asks()
            && asked.kind != Asked.Kind.WAIT
            && node.store.latePercent > 0
            && caller.client.loop.isDraining();
    return failed || slow || cut || (asked.asks() && isCrowded);
  }

  /** Everything that was due is done: only waits for what is not set may stand by. */
  void checkRest() {
    Set<EventId> waitedFor = new HashSet<>();
    int parked = 0;
    for (Caller caller : callers) {
      Asked first = caller.asked.peek();
      Asked wait = caller.parked();
      if (wait != null) {
        parked += wait.ids.size();
        waitedFor.addAll(wait.ids);
        checkParked(wait, caller);
      } else {
        check(
            first == null || !first.sent || !caller.client.isOpen(),
            caller + " has no answer to " + first);
      }
    }
    check(
        node.table.size() == waitedFor.size(),
        node.table.size() + " variables stand by for " + waitedFor);
    check(node.quota.taken() == parked, node.quota.taken() + " places are taken by " + parked);
    check(counted() == parked, counted() + " waits are counted for " + parked);
  }

  /** The parked waits of all protocols, as the loops count them. */
  private long counted() {
    return node.loops.stream()
        .flatMap(loop -> Stream.of(Via.values()).map(loop.counts::parked))
        .mapToLong(Counter::get)
        .sum();
  }

  private void checkParked(Asked wait, Caller caller) {
    @Nullable EventId lost = wait.ids.stream().filter(node.store::has).findFirst().orElse(null);
    check(lost == null || node.isPacing(), caller + " sleeps on, though set: " + wait);
    if (wait.parkedNanos == 0) { // What came behind others, or is heard later, begins later.
      boolean behind =
          caller.lastAnswerNanos >= wait.sentNanos
              || caller.client.async
              || caller.client.loop.io.turns.length == 0;
      wait.parkedNanos = behind ? node.ticker.nanoTime() : wait.sentNanos;
    }
    long begun = wait.parkedNanos;
    check(
        millisSince(begun) <= Math.min(wait.holdMillis, 3_600_000) + LATE_MILLIS,
        caller + " is held too long: " + wait);
    check(!ended, caller + " is held while the node ends: " + wait);
  }

  private long millisSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(node.ticker.nanoTime() - nanos);
  }

  void checkTheEnd() {
    checkAnswers();
    for (Caller caller : callers) {
      check(!caller.client.isOpen(), caller + " is left open");
    }
    check(node.table.size() == 0, "the table keeps " + node.table.size());
    check(counted() == 0, counted() + " waits are counted at the end");
    check(node.quota.taken() == 0, "the waiting room keeps " + node.quota.taken());
    node.loops.forEach(loop -> check(loop.io.deadlines.all().isEmpty(), "a deadline is left"));
    check(node.leaked() == 0, "buffers are left: " + node.leaked());
    check(
        missedAnswers
            ? answeredFirst <= node.store.answeredTrue()
            : answeredFirst == node.store.answeredTrue(),
        answeredFirst + " firsts were told of " + node.store.answeredTrue());
    check(!node.store.wasMisled(), "what was set was called new");
  }
}
