package doorbell.limit;

import static doorbell.limit.Limit.CONNECTIONS_PER_ADDRESS;
import static doorbell.limit.Limit.CONNECTIONS_PER_SECOND_PER_ADDRESS;
import static doorbell.limit.Limit.SETS_PER_SECOND_PER_ADDRESS;
import static doorbell.limit.Limit.WAITS_PER_ADDRESS;
import static doorbell.limit.Limit.WAITS_PER_SECOND_PER_ADDRESS;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Limits of what one client address may hold and begin: connections and waits, at a time and a
 * second, and sets a second. Made when an option asks for the first of them. Any thread.
 */
public final class AddressLimits {
  /**
   * Refused connections that may linger for their answer to be read, in all: a stranger holds no
   * more than so many files beyond the limits.
   */
  static final int MOST_LINGERING = 256;

  /**
   * Refused connections a second that get an answer to their request, in all. Over TLS each costs a
   * handshake, so this is a twentieth of a core at most.
   */
  static final int ANSWERED_PER_SECOND = 100;

  /** The key of the bucket that all refused connections share. */
  private static final long ALL = 0;

  /** The most of each kind for one address; 0 is no limit. */
  public record Most(
      int connections,
      int connectionsPerSecond,
      int waits,
      int waitsPerSecond,
      int setsPerSecond) {}

  private volatile int mostConnections;
  private volatile int mostWaits;
  private volatile @Nullable TokenBuckets connections;
  private volatile @Nullable TokenBuckets waits;
  private volatile @Nullable TokenBuckets sets;
  private final TokenBuckets answered;

  /** Each address that holds something, by itself. */
  private final ConcurrentHashMap<ClientAddress, ClientAddress> kept = new ConcurrentHashMap<>();

  private final Set<Object> lingering = ConcurrentHashMap.newKeySet();
  private final ConcurrentHashMap<Limit, Long> refusals = new ConcurrentHashMap<>();

  /** Limits from the time {@code nanos} on. */
  public AddressLimits(Most most, long nanos) {
    answered = new TokenBuckets(ANSWERED_PER_SECOND, nanos);
    take(most, nanos);
  }

  /** Takes other limits from now on. A rate that stays the same forgets nothing. */
  public void take(Most most, long nanos) {
    mostConnections = most.connections;
    mostWaits = most.waits;
    connections = buckets(connections, most.connectionsPerSecond, nanos);
    waits = buckets(waits, most.waitsPerSecond, nanos);
    sets = buckets(sets, most.setsPerSecond, nanos);
  }

  private static @Nullable TokenBuckets buckets(
      @Nullable TokenBuckets before, int perSecond, long nanos) {
    if (perSecond == 0 || (before != null && before.perSecond == perSecond)) {
      return perSecond == 0 ? null : before;
    }
    return new TokenBuckets(perSecond, nanos);
  }

  /** Counts new waits of an address, one for each id; or refuses all of them. */
  public void takeWaits(@Nullable ClientAddress address, int ids, long nanos)
      throws QuotaException {
    TokenBuckets rate = waits;
    if (rate != null && address != null) {
      check(WAITS_PER_SECOND_PER_ADDRESS, "waits", rate, rate.take(address.key, ids, nanos));
    }
  }

  /** Counts sets of an address, or refuses all of them. */
  public void takeSets(@Nullable ClientAddress address, int ids, long nanos) throws QuotaException {
    TokenBuckets rate = sets;
    if (rate != null && address != null) {
      check(SETS_PER_SECOND_PER_ADDRESS, "sets", rate, rate.take(address.key, ids, nanos));
    }
  }

  private void check(Limit limit, String what, TokenBuckets rate, long lacking)
      throws QuotaException {
    if (lacking > 0) {
      refusals.merge(limit, 1L, Long::sum);
      throw new QuotaException(
          limit,
          "at most %s %s a second from one address, one for each id; try later"
              .formatted(rate.perSecond, what),
          lacking,
          false);
    }
  }

  /** True while an option limits the parked waits of an address. */
  public boolean limitsWaits() {
    return mostWaits > 0;
  }

  /**
   * Counts parked waits of an address, one for each id; or refuses all of them.
   *
   * @return the address as it is kept, to be given to {@link #unpark}
   */
  public ClientAddress park(ClientAddress address, int ids) throws QuotaException {
    int most = mostWaits;
    ClientAddress at = hold(address, ClientAddress.WAIT, ids, most);
    if (at == null) {
      refusals.merge(WAITS_PER_ADDRESS, 1L, Long::sum);
      throw new QuotaException(
          WAITS_PER_ADDRESS,
          "at most " + most + " waits from one address, one for each id; try later");
    }
    return at;
  }

  /** Waits that {@link #park} counted aren't parked any more. */
  public void unpark(ClientAddress at, int ids) {
    drop(at, ClientAddress.WAIT, ids);
  }

  /**
   * Counts a new connection, or refuses it. A refused one is counted apart, until it is closed: see
   * {@link #onClosed}.
   *
   * @return the address to be given to {@link #leave}
   */
  public ClientAddress open(Object connection, ClientAddress address, long nanos)
      throws QuotaException {
    int most = mostConnections;
    ClientAddress at = hold(address, ClientAddress.CONNECTION, 1, most);
    if (at == null) {
      String sentence = "at most " + most + " connections from one address; close some";
      throw refused(connection, CONNECTIONS_PER_ADDRESS, sentence, nanos);
    }
    TokenBuckets rate = connections;
    if (rate != null && rate.take(at.key, 1, nanos) > 0) {
      leave(at);
      String sentence = "at most " + rate.perSecond + " new connections a second from one address";
      throw refused(connection, CONNECTIONS_PER_SECOND_PER_ADDRESS, sentence, nanos);
    }
    return at;
  }

  /** A connection that {@link #open} counted is closed, or counts as another address's. */
  public void leave(ClientAddress at) {
    drop(at, ClientAddress.CONNECTION, 1);
  }

  /** Holds more at an address: the object that is kept of it, or null if that is too much. */
  private @Nullable ClientAddress hold(ClientAddress address, long unit, int count, int most) {
    ClientAddress at = address.isKept() ? address : kept.getOrDefault(address, address);
    while (!at.hold(unit, count, most == 0 ? Integer.MAX_VALUE : most)) {
      boolean isFull = at.isKept();
      forget(at); // It may be new here, or left by others at this moment.
      if (isFull) {
        return null;
      }
      ClientAddress fresh = at.fresh();
      ClientAddress other = kept.putIfAbsent(fresh, fresh);
      at = other == null ? fresh : other;
    }
    return at;
  }

  private void drop(ClientAddress at, long unit, int count) {
    at.drop(unit, count);
    forget(at);
  }

  /** Keeps an address no longer that holds nothing; a later object of it stays. */
  private void forget(ClientAddress at) {
    if (at.isLeft()) {
      kept.computeIfPresent(at, (same, now) -> now == at ? null : now);
    }
  }

  private QuotaException refused(Object connection, Limit limit, String sentence, long nanos) {
    refusals.merge(limit, 1L, Long::sum);
    boolean lingers = lingering.size() < MOST_LINGERING && answered.take(ALL, 1, nanos) == 0;
    if (lingers) {
      lingering.add(connection);
    }
    return new QuotaException(limit, sentence + "; try later", 0, !lingers);
  }

  /** A connection is closed; one that was refused lingers no more. */
  public void onClosed(Object connection) {
    lingering.remove(connection);
  }

  /** Requests, ids and connections that {@code limit} refused. */
  public long refusals(Limit limit) {
    return refusals.getOrDefault(limit, 0L);
  }

  /** What is kept: addresses that hold something, and refused connections that linger. */
  public int kept() {
    return kept.size() + lingering.size();
  }
}
