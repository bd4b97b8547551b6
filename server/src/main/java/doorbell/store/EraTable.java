package doorbell.store;

import doorbell.event.EventId;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The era of each set. Ids lie side by side in arrays of numbers: as separate objects, ids would
 * take twice the memory, and each garbage collection would walk all of the table. Any thread may
 * call.
 */
final class EraTable {
  /** The era of an id that is not set: long ago. */
  static final int NEVER = Integer.MIN_VALUE / 2;

  private static final int PART_BITS = 6;

  private final AtomicInteger size = new AtomicInteger();
  private final Part[] plain = parts(2, size);
  private final Part[] sealed = parts(4, size);

  private static Part[] parts(int words, AtomicInteger total) {
    return Stream.generate(() -> new Part(words, total)).limit(1 << PART_BITS).toArray(Part[]::new);
  }

  int get(EventId id) {
    return part(id).get(id);
  }

  /**
   * Notes that {@code id} is set now. Returns false if a set since {@code oldest} is noted already.
   */
  boolean add(EventId id, int now, int oldest) {
    return part(id).add(id, now, oldest);
  }

  /** Drops sets from before {@code oldest}. */
  void forget(int oldest) {
    parts().forEach(part -> part.forget(oldest));
  }

  int size() {
    return size.get();
  }

  private Part part(EventId id) {
    Part[] parts = id.words() == 2 ? plain : sealed;
    return parts[id.hashCode() & (parts.length - 1)];
  }

  private Stream<Part> parts() {
    return Stream.concat(Stream.of(plain), Stream.of(sealed));
  }

  /** A table of open addressing, with a separate lock. Only a rebuild removes ids. */
  private static final class Part {
    private static final int FREE = 0;
    private static final int FIRST_SLOTS = 8;

    private final int width;
    private long[] words;

    /** The era of each slot, plus 1; 0 marks a free slot. */
    private int[] eras;

    private int size;

    /** The number of ids in all parts. */
    private final AtomicInteger total;

    Part(int width, AtomicInteger total) {
      this.width = width;
      this.total = total;
      this.words = new long[FIRST_SLOTS * width];
      this.eras = new int[FIRST_SLOTS];
    }

    synchronized int get(EventId id) {
      int era = eras[slot(id)];
      return era == FREE ? NEVER : era - 1;
    }

    synchronized boolean add(EventId id, int now, int oldest) {
      int slot = slot(id);
      if (eras[slot] == FREE) {
        insert(id, now);
        if (4 * size > 3 * eras.length) {
          rebuild(oldest);
        }
        return true;
      }
      boolean forgotten = eras[slot] - 1 < oldest;
      if (forgotten) {
        eras[slot] = now + 1;
      }
      return forgotten;
    }

    synchronized void forget(int oldest) {
      if (live(oldest) < size) {
        rebuild(oldest);
      }
    }

    private void insert(EventId id, int era) {
      int slot = slot(id);
      for (int i = 0; i < width; i++) {
        words[slot * width + i] = id.word(i);
      }
      eras[slot] = era + 1;
      size++;
      total.incrementAndGet();
    }

    /** The slot of the id, or the free slot for a new id. */
    private int slot(EventId id) {
      int slot = (id.hashCode() >>> PART_BITS) & (eras.length - 1);
      while (eras[slot] != FREE && !isAt(slot, id)) {
        slot = (slot + 1) & (eras.length - 1);
      }
      return slot;
    }

    private boolean isAt(int slot, EventId id) {
      for (int i = 0; i < width; i++) {
        if (words[slot * width + i] != id.word(i)) {
          return false;
        }
      }
      return true;
    }

    private int live(int oldest) {
      int live = 0;
      for (int era : eras) {
        live += era != FREE && era - 1 >= oldest ? 1 : 0;
      }
      return live;
    }

    /** Copies the ids that are not forgotten, with more free slots than ids. */
    private void rebuild(int oldest) {
      long[] before = words;
      int[] erasBefore = eras;
      int slots = Integer.highestOneBit(Math.max(FIRST_SLOTS / 2, live(oldest))) * 4;
      words = new long[slots * width];
      eras = new int[slots];
      total.addAndGet(-size);
      size = 0;
      for (int i = 0; i < erasBefore.length; i++) {
        if (erasBefore[i] != FREE && erasBefore[i] - 1 >= oldest) {
          insert(EventId.ofWords(before, i * width, width), erasBefore[i] - 1);
        }
      }
    }
  }
}
