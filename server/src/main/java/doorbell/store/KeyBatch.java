package doorbell.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A batch of keys as RocksDB's log has it, each with an empty value: a call for each key would cost
 * more.
 */
final class KeyBatch {
  /** Bytes before the keys: the sequence number, which RocksDB fills in, and the number of keys. */
  private static final int HEAD = Long.BYTES + Integer.BYTES;

  /** Bytes beside those of a key: the kind, and the lengths of the key and of its value. */
  private static final int BESIDE = 3;

  private static final byte PUT = 1;

  private KeyBatch() {}

  static byte[] of(List<byte[]> keys) {
    int bytes = HEAD + keys.stream().mapToInt(key -> key.length + BESIDE).sum();
    ByteBuffer batch = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    batch.putLong(0).putInt(keys.size());
    for (byte[] key : keys) {
      batch.put(PUT).put((byte) key.length).put(key).put((byte) 0);
    }
    return batch.array();
  }
}
