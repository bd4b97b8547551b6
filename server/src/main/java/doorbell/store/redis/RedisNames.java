package doorbell.store.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.event.EventId;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.stream.IntStream;

/**
 * The keys and channels of a store in one database, and the form of a notification. Channels are
 * those of a whole Redis, so the database is part of their names.
 */
final class RedisNames {
  /**
   * Channels of a store: a fixed number, since a channel for each id would have to be subscribed
   * anew, a million of them, at each reconnect.
   */
  static final int CHANNELS = 16;

  /** The first byte of a notification. */
  private static final byte VERSION = 1;

  private static final int PLAIN_WORDS = 2;
  private static final int SEALED_WORDS = 4;
  private static final int MOST_SPREAD_MILLIS = 3_600_000;
  private static final int HEAD = 1 + Integer.BYTES;

  private final String prefix;
  private final byte[][] channels;
  final byte[] mark;

  /** Is there while a node fills a server. */
  final byte[] repair;

  /** What is told of each id that is set. */
  interface Reader {
    void onSet(EventId id, long spreadMillis);
  }

  RedisNames(String prefix, int database) {
    this.prefix = prefix + ":";
    this.mark = (this.prefix + "mark").getBytes(ISO_8859_1);
    this.repair = (this.prefix + "repair").getBytes(ISO_8859_1);
    this.channels =
        IntStream.range(0, CHANNELS)
            .mapToObj(i -> (this.prefix + database + ":sets:" + i).getBytes(ISO_8859_1))
            .toArray(byte[][]::new);
  }

  /** The key of an id: its own text behind the prefix, which people can read. */
  byte[] key(EventId id) {
    return (prefix + id).getBytes(ISO_8859_1);
  }

  /** A glob of all keys of the store, and of stores whose prefix is longer. */
  byte[] pattern() {
    return (prefix + "*").getBytes(ISO_8859_1); // No character of a prefix means another one.
  }

  /** True for what {@link #key} makes of an id. */
  boolean isKey(String key) {
    try {
      String id = key.substring(prefix.length());
      return EventId.parse(id).toString().equals(id);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  byte[][] channels() {
    return channels.clone();
  }

  /** The number of the channel of an id: the same in all nodes, and even for ids of any kind. */
  static int channelOf(EventId id) {
    long mixed = (id.word(id.words() - 1) ^ id.word(0) >>> 7) * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 60) & (CHANNELS - 1);
  }

  /** Bytes of an id in a notification. */
  static int bytes(EventId id) {
    return HEAD + id.words() * Long.BYTES;
  }

  static ByteBuffer notification(int bytes) {
    return ByteBuffer.allocate(1 + bytes).put(VERSION);
  }

  static void put(ByteBuffer notification, EventId id, long spreadMillis) {
    notification.put((byte) id.words()).putInt((int) Math.min(spreadMillis, MOST_SPREAD_MILLIS));
    for (int i = 0; i < id.words(); i++) {
      notification.putLong(id.word(i));
    }
  }

  /** Reads a notification; false if it isn't one as these nodes write it. */
  static boolean read(byte[] notification, Reader reader) {
    ByteBuffer left = ByteBuffer.wrap(notification);
    try {
      if (left.get() != VERSION) {
        return false;
      }
      while (left.hasRemaining()) {
        int count = left.get();
        long spread = left.getInt();
        boolean isId = count == PLAIN_WORDS || count == SEALED_WORDS;
        if (!isId || spread < 0 || spread > MOST_SPREAD_MILLIS) {
          return false;
        }
        long[] words = new long[count];
        for (int i = 0; i < count; i++) {
          words[i] = left.getLong();
        }
        reader.onSet(EventId.ofWords(words, 0, count), spread);
      }
      return true;
    } catch (BufferUnderflowException e) {
      return false;
    }
  }
}
