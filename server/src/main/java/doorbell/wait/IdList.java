package doorbell.wait;

import doorbell.event.EventId;
import doorbell.io.Budget;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Ids as bare numbers: 16 bytes each, or 32 each if any id is sealed. An object would take more,
 * and the text of a bulk set ten times as much. The bytes count in the {@link Budget} until the
 * release.
 */
public final class IdList extends AbstractList<EventId> {
  private static final int FIRST = 16;
  private static final int PLAIN_WORDS = 2;
  private static final int SEALED_WORDS = 4;

  private final Budget budget;
  private final BitSet sealed = new BitSet();
  private long[] words = {};
  private int each = PLAIN_WORDS;
  private int size;
  private long held;

  public IdList(Budget budget) {
    this.budget = budget;
  }

  /** Adds an id; false if the budget has no room, and then adds none. */
  public boolean append(EventId id) {
    if (id instanceof EventId.Sealed && each == PLAIN_WORDS && !widen()) {
      return false;
    }
    int longer = Math.max(FIRST * each, words.length + words.length / 2 / each * each);
    if ((size + 1) * each > words.length && !replace(longer)) {
      return false;
    }
    switch (id) {
      case EventId.Plain plain -> put(plain.high(), plain.low());
      case EventId.Sealed key -> {
        sealed.set(size);
        put(key.a(), key.b(), key.c(), key.d());
      }
    }
    size++;
    return true;
  }

  private void put(long... id) {
    System.arraycopy(id, 0, words, size * each, id.length);
  }

  private boolean widen() {
    long[] narrow = words;
    if (!replace(narrow.length * 2)) {
      return false;
    }
    Arrays.fill(words, 0);
    for (int i = 0; i < size; i++) {
      System.arraycopy(narrow, i * PLAIN_WORDS, words, i * SEALED_WORDS, PLAIN_WORDS);
    }
    each = SEALED_WORDS;
    return true;
  }

  private boolean replace(int length) {
    long more = (long) Long.BYTES * length;
    if (!budget.take(more)) {
      return false;
    }
    release();
    held = more;
    words = Arrays.copyOf(words, length);
    return true;
  }

  @Override
  public EventId get(int index) {
    int at = index * each;
    return sealed.get(index)
        ? new EventId.Sealed(words[at], words[at + 1], words[at + 2], words[at + 3])
        : new EventId.Plain(words[at], words[at + 1]);
  }

  @Override
  public int size() {
    return size;
  }

  /** Forgets all ids, and gives their memory back. */
  @Override
  public void clear() {
    size = 0;
    words = new long[0];
    sealed.clear();
    release();
  }

  /** Gives the bytes back to the budget: another owner counts the ids, or nobody needs the ids. */
  public void release() {
    budget.count(-held);
    held = 0;
  }
}
