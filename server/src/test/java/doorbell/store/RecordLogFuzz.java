package doorbell.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A log of any entries is read as it was written, any byte of it that rots is missed but for those
 * of the last entry, and no bytes at all are more than damage. The input is entries, each behind
 * its length in two bytes.
 */
public final class RecordLogFuzz {
  private static final int BLOCK = 32 << 10;
  private static final int HEADER = 7;
  private static final int HEAD = 256;
  private static final int MASK = 0xa282ead8;
  private static final Path FILE = file();

  private RecordLogFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    read(data); // Whatever it is.
    List<byte[]> entries = entries(data);
    List<Integer> begins = new ArrayList<>();
    byte[] log = log(entries, begins);
    List<String> heads = new ArrayList<>();
    for (byte[] entry : entries) {
      heads.add(new String(entry, 0, Math.min(HEAD, entry.length), ISO_8859_1));
    }
    Read sound = read(log);
    assertThat(sound.damaged).isFalse();
    assertThat(sound.heads).isEqualTo(heads);
    if (data.length > 1) {
      int rotten = Math.floorMod(new String(data, ISO_8859_1).hashCode(), log.length);
      log[rotten] ^= (byte) (1 << (data[0] & 7));
      rotten(read(log), heads, begins, rotten);
    }
  }

  private static void rotten(Read read, List<String> heads, List<Integer> begins, int at) {
    long whole = begins.stream().skip(1).filter(next -> next <= at).count();
    assertThat(heads.subList(0, read.heads.size())).isEqualTo(read.heads);
    assertThat(read.heads).hasSize((int) whole);
    assertThat(read.damaged).isEqualTo(at < begins.getLast());
  }

  private record Read(boolean damaged, List<String> heads) {}

  private static Read read(byte[] log) throws IOException {
    Files.write(FILE, log);
    List<String> heads = new ArrayList<>();
    boolean damaged =
        RecordLog.isDamagedInside(
            FILE,
            new RecordLog.Entries() {
              @Override
              public void entry(ByteBuffer head) {
                assertThat(head.remaining()).isLessThanOrEqualTo(HEAD);
                heads.add(ISO_8859_1.decode(head).toString());
              }

              @Override
              public boolean mayFollow(ByteBuffer head, long bytes) {
                assertThat(bytes).isPositive();
                return true;
              }
            });
    return new Read(damaged, heads);
  }

  static List<byte[]> entries(byte[] data) {
    List<byte[]> entries = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(data);
    while (bytes.remaining() >= Short.BYTES) {
      int length = Short.toUnsignedInt(bytes.getShort());
      byte[] entry = new byte[length]; // Zeros, where the input has less.
      bytes.get(entry, 0, Math.min(length, bytes.remaining()));
      entries.add(entry);
    }
    return entries;
  }

  /** As RocksDB writes it; {@code begins} are where the entries begin, at least 0. */
  static byte[] log(List<byte[]> entries, List<Integer> begins) {
    int size = entries.stream().mapToInt(entry -> entry.length + 4 * HEADER).sum();
    ByteBuffer log = ByteBuffer.allocate(size + HEADER).order(ByteOrder.LITTLE_ENDIAN);
    for (byte[] entry : entries) {
      int from = 0;
      do {
        if (BLOCK - log.position() % BLOCK < HEADER) {
          log.position(log.position() + BLOCK - log.position() % BLOCK);
        }
        if (from == 0) {
          begins.add(log.position());
        }
        int room = BLOCK - log.position() % BLOCK - HEADER;
        int length = Math.min(room, entry.length - from);
        boolean last = from + length == entry.length;
        record(log, from == 0 ? last ? 1 : 2 : last ? 4 : 3, ByteBuffer.wrap(entry, from, length));
        from += length;
        if (last) {
          break;
        }
      } while (true);
    }
    byte[] bytes = new byte[log.position()];
    log.flip().get(bytes);
    return bytes;
  }

  private static void record(ByteBuffer log, int type, ByteBuffer data) {
    CRC32C crc = new CRC32C();
    crc.update(type);
    crc.update(data.duplicate());
    log.putInt(Integer.rotateRight((int) crc.getValue(), 15) + MASK);
    log.putShort((short) data.remaining()).put((byte) type).put(data);
  }

  private static Path file() {
    try {
      Path file = Files.createTempFile("record", ".log");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
