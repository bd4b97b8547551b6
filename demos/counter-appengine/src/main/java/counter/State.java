package counter;

import com.google.appengine.api.datastore.Entity;
import com.google.appengine.api.datastore.Key;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * What the counter's entity holds.
 *
 * @param count how many clicks there were
 * @param event the event that is set when that is no longer the count
 * @param past the events of the counts before, the newest last: all of them are set, and set again
 *     with every click, so that a set which got lost is made good
 */
record State(long count, String event, List<String> past) {
  static final int PAST = 8;

  private static final SecureRandom RANDOM = new SecureRandom();

  static State first() {
    return new State(0, newEvent(), List.of());
  }

  static State of(Entity entity) {
    // The Datastore keeps no empty list.
    List<String> past = new ArrayList<>();
    if (entity.getProperty("past") instanceof List<?> events) {
      events.forEach(event -> past.add((String) event));
    }
    return new State(
        (Long) entity.getProperty("count"), (String) entity.getProperty("event"), past);
  }

  /** Any 128 random bits are an event: nobody needs to create it. */
  static String newEvent() {
    return new BigInteger(128, RANDOM).toString();
  }

  State next(String newEvent) {
    List<String> events = new ArrayList<>(past);
    events.add(event);
    int size = events.size();
    return new State(count + 1, newEvent, events.subList(Math.max(0, size - PAST), size));
  }

  Entity entity(Key key) {
    Entity entity = new Entity(key);
    entity.setUnindexedProperty("count", count);
    entity.setUnindexedProperty("event", event);
    entity.setUnindexedProperty("past", past);
    return entity;
  }
}
