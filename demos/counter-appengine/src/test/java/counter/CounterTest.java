package counter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.appengine.api.datastore.DatastoreTimeoutException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CounterTest {
  private static final int CLICKS = 24;

  private static Node node;

  private final AppEngine appEngine = new AppEngine();
  private final Counter counter = new Counter(Duration.ofSeconds(60));

  @BeforeAll
  static void startNode() throws IOException {
    node = new Node();
  }

  @AfterAll
  static void stopNode() {
    node.close();
  }

  @AfterEach
  void close() {
    appEngine.close();
  }

  @Test
  void aLookChangesNothing() {
    State first = counter.look();
    assertThat(first.count()).isZero();
    assertThat(counter.look()).isEqualTo(first);
  }

  @Test
  void aClickIsCountedAndSetsTheEventOfTheCountBefore() throws Exception {
    State before = counter.look();
    State after = counter.add();
    assertThat(after.count()).isEqualTo(1);
    assertThat(after).isEqualTo(counter.look());
    assertThat(new Bell(node.url).set(after.past())).isTrue();
    assertThat(node.isSet(before.event())).isTrue();
    assertThat(node.isSet(after.event())).isFalse();
  }

  @Test
  void clicksAtOneTimeAreAllCountedAndEveryEventHandedOutIsSet() throws Exception {
    List<State> states = new ArrayList<>(List.of(counter.look()));
    Bell bell = new Bell(node.url);
    ExecutorService threads = Executors.newFixedThreadPool(CLICKS);
    CyclicBarrier together = new CyclicBarrier(CLICKS);
    Callable<State> click =
        () -> {
          appEngine.enter();
          together.await();
          State state = counter.add();
          bell.set(state.past());
          return counter.look().count() < state.count() ? null : state;
        };
    List<Future<State>> clicks = new ArrayList<>();
    for (int i = 0; i < CLICKS; i++) {
      clicks.add(threads.submit(click));
    }
    for (Future<State> done : clicks) {
      states.add(done.get());
    }
    threads.shutdown();
    State last = counter.look();
    assertThat(last.count()).isEqualTo(CLICKS);
    assertThat(states.stream().map(State::count))
        .containsExactlyInAnyOrderElementsOf(LongStream.rangeClosed(0, CLICKS).boxed().toList());
    for (State state : states) {
      assertThat(node.isSet(state.event())).isEqualTo(state.count() < CLICKS);
    }
  }

  @Test
  void aClickWhoseSetGotLostIsMadeGoodByTheNext() throws Exception {
    List<State> lost = List.of(counter.look(), counter.add(), counter.add());
    new Bell(node.url).set(counter.add().past());
    for (State state : lost) {
      assertThat(node.isSet(state.event())).isTrue();
    }
  }

  @Test
  void thePastHasTheLastEventsOnly() {
    List<String> events = new ArrayList<>();
    for (int i = 0; i < State.PAST + 3; i++) {
      events.add(counter.look().event());
      counter.add();
    }
    assertThat(counter.look().past()).isEqualTo(events.subList(3, events.size()));
  }

  @Test
  void aClickThatMeetsOthersIsTriedAgain() {
    counter.look();
    var commits = appEngine.failCommits(3, AppEngine.CONCURRENT_TRANSACTION, false);
    assertThat(counter.add().count()).isEqualTo(1);
    assertThat(counter.look().count()).isEqualTo(1);
    assertThat(commits).hasValue(4);
  }

  @Test
  void aCommitThatCameTrueThoughItFailedIsNotCountedTwice() {
    State before = counter.look();
    appEngine.failCommits(1, AppEngine.TIMEOUT, true);
    State after = counter.add();
    assertThat(after.count()).isEqualTo(1);
    assertThat(after.past()).containsExactly(before.event());
    assertThat(counter.look()).isEqualTo(after);
  }

  @Test
  void aClickGivesUpInTimeAndCountsNothing() {
    Counter hasty = new Counter(Duration.ofMillis(100));
    hasty.look();
    appEngine.failCommits(Integer.MAX_VALUE, AppEngine.CONCURRENT_TRANSACTION, false);
    assertThatExceptionOfType(ConcurrentModificationException.class).isThrownBy(hasty::add);
    appEngine.failCommits(Integer.MAX_VALUE, AppEngine.TIMEOUT, false);
    assertThatExceptionOfType(DatastoreTimeoutException.class).isThrownBy(hasty::add);
    assertThat(hasty.look().count()).isZero();
  }
}
