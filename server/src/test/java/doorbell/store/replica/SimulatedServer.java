package doorbell.store.replica;

import doorbell.event.EventId;
import doorbell.store.replica.Replica.Vote;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a replica is at the other end: a set of ids, and those who are told of new ones. */
final class SimulatedServer {
  private final Set<EventId> sets = new HashSet<>();
  final List<SimulatedReplica> subscribers = new ArrayList<>();
  private boolean isFilled = true;

  /** How often it lost its sets. */
  private int losses;

  /** It answers nobody while it is paused. */
  boolean paused;

  /** It tells nobody of a set. */
  boolean mute;

  Vote set(EventId id, long spreadMillis) {
    boolean first = sets.add(id);
    if (!mute) {
      subscribers.forEach(subscriber -> subscriber.publish(id, spreadMillis));
    }
    return !isFilled ? Vote.UNFILLED : first ? Vote.YES : Vote.NO;
  }

  Vote look(EventId id) {
    return sets.contains(id) ? Vote.YES : isFilled ? Vote.NO : Vote.UNFILLED;
  }

  /** Loses all sets, as a server that has no copy on disk does at its start. */
  void empty() {
    sets.clear();
    isFilled = false;
    losses++;
    cutAll();
  }

  boolean isFilled() {
    return isFilled;
  }

  int losses() {
    return losses;
  }

  List<EventId> sets() {
    return List.copyOf(sets);
  }

  void add(EventId id) {
    sets.add(id);
  }

  void isFilledNow() {
    isFilled = true;
  }

  /** Ends all connections, as a server that is killed does. */
  void cutAll() {
    List.copyOf(subscribers).forEach(SimulatedReplica::cut);
  }
}
