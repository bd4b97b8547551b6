package counter;

import com.google.appengine.api.datastore.DatastoreFailureException;
import com.google.appengine.api.datastore.DatastoreService;
import com.google.appengine.api.datastore.DatastoreServiceFactory;
import com.google.appengine.api.datastore.DatastoreTimeoutException;
import com.google.appengine.api.datastore.EntityNotFoundException;
import com.google.appengine.api.datastore.Key;
import com.google.appengine.api.datastore.KeyFactory;
import com.google.appengine.api.datastore.Transaction;
import java.time.Duration;
import java.util.ConcurrentModificationException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

/**
 * The count in the Datastore: one entity, so that a look is one snapshot of the count and its
 * event. Thread-safe.
 */
final class Counter {
  private static final Key KEY = KeyFactory.createKey("Counter", "shared");

  private static final int FIRST_PAUSE_MILLIS = 20;
  private static final int LONGEST_PAUSE_MILLIS = 640;

  private final Duration patience;

  /** How long a change is tried for, when others come first again and again. */
  Counter(Duration patience) {
    this.patience = patience;
  }

  /** The count as it is now; a first look makes the counter. */
  State look() {
    try {
      return State.of(DatastoreServiceFactory.getDatastoreService().get(KEY));
    } catch (EntityNotFoundException none) {
      return change(state -> state);
    }
  }

  /** One more, as soon as it is committed: the events of its {@code past} are to be set then. */
  State add() {
    String event = State.newEvent();
    // A commit that told us of a failure may have come true: then the next try finds our event.
    return change(state -> state.event().equals(event) ? state : state.next(event));
  }

  /**
   * Applies a change in a transaction; once more, after a pause that grows, when others came first.
   *
   * @throws ConcurrentModificationException or the Datastore's own, when it is time to give up
   */
  private State change(Function<State, State> change) {
    long end = System.nanoTime() + patience.toNanos();
    for (int pause = FIRST_PAUSE_MILLIS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS)) {
      try {
        return changeOnce(change);
      } catch (ConcurrentModificationException
          | DatastoreTimeoutException
          | DatastoreFailureException e) {
        if (System.nanoTime() > end || !slept(ThreadLocalRandom.current().nextInt(pause))) {
          throw e;
        }
      }
    }
  }

  private static State changeOnce(Function<State, State> change) {
    DatastoreService datastore = DatastoreServiceFactory.getDatastoreService();
    Transaction transaction = datastore.beginTransaction();
    try {
      State before;
      try {
        before = State.of(datastore.get(transaction, KEY));
      } catch (EntityNotFoundException none) {
        before = State.first();
      }
      State after = change.apply(before);
      datastore.put(transaction, after.entity(KEY));
      transaction.commit();
      return after;
    } finally {
      if (transaction.isActive()) {
        transaction.rollback();
      }
    }
  }

  private static boolean slept(long millis) {
    try {
      Thread.sleep(millis);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
