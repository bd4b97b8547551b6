package doorbell.limit;

import static doorbell.limit.Limit.CONNECTIONS_PER_ADDRESS;
import static doorbell.limit.Limit.CONNECTIONS_PER_SECOND_PER_ADDRESS;
import static doorbell.limit.Limit.SETS_PER_SECOND_PER_ADDRESS;
import static doorbell.limit.Limit.WAITS_PER_SECOND_PER_ADDRESS;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Limits of what one client address may begin: connections at a time and a second, waits and sets a
 * second. Made when an option asks for the first of them. Any thread.
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
      int connections, int connectionsPerSecond, int waitsPerSecond, int setsPerSecond) {}

  private volatile int mostConnections;
  private volatile @Nullable TokenBuckets connections;
  private volatile @Nullable TokenBuckets waits;
  private volatile @Nullable TokenBuckets sets;
  private final TokenBuckets answered;
  private final ConcurrentHashMap<Long, Integer> openByAddress = new ConcurrentHashMap<>();

  /** The address of each open connection that is counted. */
  private final ConcurrentHashMap<Object, Long> open = new ConcurrentHashMap<>();

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
  public void takeWaits(@Nullable Long address, int ids, long nanos) throws QuotaException {
    take(waits, WAITS_PER_SECOND_PER_ADDRESS, "waits", new Asked(address, ids, nanos));
  }

  /** Counts sets of an address, or refuses all of them. */
  public void takeSets(@Nullable Long address, int ids, long nanos) throws QuotaException {
    take(sets, SETS_PER_SECOND_PER_ADDRESS, "sets", new Asked(address, ids, nanos));
  }

  private record Asked(@Nullable Long address, int ids, long nanos) {}

  private void take(@Nullable TokenBuckets buckets, Limit limit, String what, Asked asked)
      throws QuotaException {
    Long address = asked.address;
    if (buckets == null || address == null) {
      return;
    }
    long nanos = buckets.take(address, asked.ids, asked.nanos);
    if (nanos > 0) {
      refusals.merge(limit, 1L, Long::sum);
      throw new QuotaException(
          limit,
          "at most %s %s a second from one address, one for each id; try later"
              .formatted(buckets.perSecond, what),
          nanos,
          false);
    }
  }

  /**
   * Counts a new connection, until {@link #onClosed}; or tells why it is refused. A refused one is
   * counted apart, until it is closed too.
   */
  public @Nullable QuotaException onOpen(Object connection, @Nullable Long address, long nanos) {
    if (address == null) {
      return null;
    }
    onClosed(connection); // It may be counted at its proxy's address.
    int most = mostConnections;
    if (most > 0 && openByAddress.merge(address, 1, Integer::sum) > most) {
      leave(address);
      String sentence = "at most " + most + " connections from one address; close some";
      return refused(connection, CONNECTIONS_PER_ADDRESS, sentence, nanos);
    }
    TokenBuckets rate = connections;
    long lacking = rate == null ? 0 : rate.take(address, 1, nanos);
    if (rate != null && lacking > 0) {
      if (most > 0) {
        leave(address);
      }
      String sentence = "at most " + rate.perSecond + " new connections a second from one address";
      return refused(connection, CONNECTIONS_PER_SECOND_PER_ADDRESS, sentence, nanos);
    }
    if (most > 0) {
      open.put(connection, address);
    }
    return null;
  }

  private QuotaException refused(Object connection, Limit limit, String sentence, long nanos) {
    refusals.merge(limit, 1L, Long::sum);
    boolean lingers = lingering.size() < MOST_LINGERING && answered.take(ALL, 1, nanos) == 0;
    if (lingers) {
      lingering.add(connection);
    }
    return new QuotaException(limit, sentence + "; try later", 0, !lingers);
  }

  /** A connection is closed, counted or not. */
  public void onClosed(Object connection) {
    Long address = open.remove(connection);
    if (address != null) {
      leave(address);
    }
    lingering.remove(connection);
  }

  private void leave(Long address) {
    openByAddress.computeIfPresent(address, (a, n) -> n == 1 ? null : n - 1);
  }

  /** Requests, ids and connections that {@code limit} refused. */
  public long refusals(Limit limit) {
    return refusals.getOrDefault(limit, 0L);
  }

  /** What is kept for connections: those that are counted, and refused ones that linger. */
  int kept() {
    return open.size() + lingering.size() + openByAddress.size();
  }
}
