package doorbell;

import doorbell.http.HttpLimits;
import doorbell.wait.WaitLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * One run of a whole node, decided by its seed alone: callers wait, set, hang up and break off, the
 * clock moves, the store answers late or fails, and other threads come between wherever they can.
 * {@link Promises} checks every answer as it comes, and at each rest what stands by.
 */
final class Simulation {
  private static final int STEPS = 250;
  private static final int IDLE_MILLIS = 75_000;
  private static final int STEPS_OF_DRAIN = 50;
  private static final int LOOPS = 3;
  private static final int CALLERS = 12;
  private static final long[] HOLDS = {0, 1, 50, 700, 5_000, 30_000, 4_000_000};

  private final Random random;
  private final SimulatedNode node;
  private final Promises promises;
  private final List<Caller> callers = new ArrayList<>();
  private final List<String> story = new ArrayList<>();
  private int connections;
  private int youngestId = 10;
  private int depth;

  /** What the last request named: who comes between is most dangerous when he names the same. */
  private List<String> inQuestion = List.of("10");

  Simulation(long seed) {
    random = new Random(seed);
    int places = happens(15) ? 3 : 1_000;
    int placesPerAddress = happens(15) ? 2 : 0;
    node = new SimulatedNode(random, LOOPS, SimulatedNode.options(places, placesPerAddress));
    node.mixed = true;
    if (happens(30)) { // Each request has a turn of its own.
      node.loops.forEach(loop -> loop.io.turns.length = 0);
    }
    node.store.latePercent = happens(60) ? 50 : 0;
    node.store.putOffPercent = happens(50) ? 50 : 0;
    node.store.failPercent = happens(30) ? 15 : happens(20) ? 60 : 0;
    node.store.keptInVainPercent = 20;
    node.stage.meanwhile = this::meanwhile;
    promises = new Promises(node, callers, places < 1_000 || placesPerAddress > 0);
    for (int i = 0; i < CALLERS; i++) {
      callers.add(connect());
    }
  }

  /** What happened, a line for each step. */
  List<String> story() {
    return story;
  }

  void run() {
    for (int i = 0; i < STEPS; i++) {
      step();
      promises.checkAnswers();
    }
    rest();
    drain();
    promises.checkTheEnd();
  }

  private void step() {
    int dice = random.nextInt(100);
    if (dice < 40) {
      ask();
    } else if (dice < 44) {
      hangUp();
    } else if (dice < 52) {
      advance();
    } else if (dice < 80) {
      runOne();
    } else if (dice < 94) {
      answerOfTheStore();
    } else {
      rest();
    }
  }

  /** What other threads may do at a point where this one holds no lock. */
  private void meanwhile() {
    if (depth < 2 && happens(10)) {
      depth++;
      tell("meanwhile", "");
      int dice = random.nextInt(3);
      if (dice == 0) {
        ask();
      } else if (dice == 1) {
        runOne();
      } else {
        answerOfTheStore();
      }
      depth--;
    }
  }

  private void ask() {
    int index = random.nextInt(callers.size());
    Caller caller = callers.get(index);
    if (caller.client.thread.isBusy()) {
      return;
    }
    if (!caller.client.isOpen()) {
      promises.checkAnswers(caller);
      callers.set(index, connect());
    } else if (!caller.unsent.isEmpty()) {
      send(caller, "", caller.unsent.length());
    } else if (caller.asked.size() < 3 && !caller.toldThatItCloses) {
      String sameRead = happens(10) ? askInOneRead(caller) : "";
      Asked asked = anything();
      caller.asked.add(asked);
      caller.unsent = asked.bytes;
      int length = asked.bytes.length();
      send(caller, sameRead, happens(10) ? 1 + random.nextInt(length) : length);
    }
  }

  /** A request whose bytes come together with those of the next. */
  private String askInOneRead(Caller caller) {
    Asked asked = anything();
    caller.asked.add(asked);
    tell("asks with the next", caller + " " + asked);
    promises.onSent(asked);
    return asked.bytes;
  }

  private void send(Caller caller, String before, int length) {
    Asked asked = caller.asked.getLast();
    inQuestion = asked.texts.isEmpty() ? inQuestion : asked.texts;
    String bytes = before + caller.unsent.substring(0, length);
    caller.unsent = caller.unsent.substring(length);
    tell(caller.unsent.isEmpty() ? "asks" : "begins to ask", caller + " " + asked);
    if (caller.unsent.isEmpty()) {
      promises.onSent(asked);
    }
    caller.client.send(bytes);
  }

  private Asked anything() {
    int dice = random.nextInt(100);
    if (dice < 50) {
      return Asked.wait(texts(1 + random.nextInt(2)), hold(), random.nextBoolean());
    } else if (dice < 56) {
      return Asked.wait(texts(1 + random.nextInt(10)), hold(), random.nextBoolean());
    } else if (dice < 62) {
      return Asked.head(texts(1 + random.nextInt(2)));
    } else if (dice < 90) {
      return Asked.set(text(), spread());
    }
    return dice < 98 ? Asked.setMany(texts(1 + random.nextInt(5)), spread()) : Asked.nonsense();
  }

  private long hold() {
    return HOLDS[random.nextInt(HOLDS.length)];
  }

  private long spread() {
    return happens(25) ? 10 + random.nextInt(happens(50) ? 500 : 5_000) : 0;
  }

  private List<String> texts(int count) {
    return Stream.generate(this::text).limit(count).toList();
  }

  /** Sets are for good, so the ids move on; some are written in another way. */
  private String text() {
    if (depth > 0 && happens(60)) {
      return inQuestion.get(random.nextInt(inQuestion.size()));
    }
    youngestId += happens(10) ? 1 : 0;
    String text = Integer.toString(youngestId - random.nextInt(8));
    return switch (random.nextInt(10)) {
      case 0 -> "00" + text;
      case 1 -> "00000000-0000-0000-0000-%012x".formatted(Integer.parseInt(text));
      default -> text;
    };
  }

  private void hangUp() {
    Caller caller = callers.get(random.nextInt(callers.size()));
    if (caller.client.isOpen()) {
      tell("hangs up", caller.name);
      caller.hungUp = true;
      caller.client.hangUp();
    }
  }

  private void advance() {
    long millis = happens(10) ? 12_000 : happens(3) ? 80_000 : random.nextInt(400);
    tell("time passes", Long.toString(millis));
    for (Caller caller : callers) {
      boolean due = millis >= (caller.asked.isEmpty() ? IDLE_MILLIS : HttpLimits.LINGER_MILLIS);
      caller.stalled |= caller.client.async && due;
    }
    node.advance(millis);
  }

  private void runOne() {
    int which = random.nextInt(LOOPS + 1);
    if (which == LOOPS) {
      node.pace();
    } else if (!node.threads.get(which).isBusy()) {
      boolean ran = node.threads.get(which).runOne();
      tell(ran ? "runs" : "idles", "loop " + which);
    }
  }

  private void answerOfTheStore() {
    tell("the store answers", Boolean.toString(node.store.answerOne()));
  }

  /** Everybody does what is due now, and the store answers: then nothing may be left undone. */
  private void rest() {
    tell("rest", "");
    do {
      node.runAll();
    } while (node.store.answerOne());
    promises.checkAnswers();
    promises.checkRest();
  }

  private void drain() {
    int[] drained = {0};
    for (int i = 0; i < LOOPS; i++) {
      WaitLoop loop = node.loops.get(i);
      long millis = random.nextInt(300);
      node.threads.get(i).execute(() -> loop.drain(millis, () -> drained[0]++));
    }
    for (int i = 0; i < STEPS_OF_DRAIN; i++) {
      step();
      promises.checkAnswers();
    }
    node.pass(TimeUnit.SECONDS.toMillis(1));
    promises.check(drained[0] == LOOPS, "a loop didn't end its drain");
    node.stage.meanwhile = () -> {};
    promises.ended = true;
    rest();
    node.close();
    callers.forEach(caller -> caller.client.hangUp());
    node.runAll();
    promises.check(node.kept() == 0, "something is counted at addresses that are gone");
  }

  private Caller connect() {
    int loop = random.nextInt(LOOPS);
    while (node.threads.get(loop).isBusy()) {
      loop = (loop + 1) % LOOPS;
    }
    connections++;
    return new Caller("caller " + connections, node.connect(loop, random.nextInt(2)));
  }

  private void tell(String what, String who) {
    story.add("  ".repeat(depth) + what + " " + who);
  }

  private boolean happens(int percent) {
    return random.nextInt(100) < percent;
  }
}
