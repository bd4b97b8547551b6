package doorbell.http;

import doorbell.event.EventId;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Ids as bare numbers: 16 bytes each, or 32 where one of them is sealed, where an object would take
 * more, and the text of a bulk set ten times as much. What it takes is counted in the {@link
 * Budget} until it is released.
 */
final class IdList extends AbstractList<EventId> {
  private static final int FIRST = 16;
  private static final int PLAIN_WORDS = 2;
  private static final int SEALED_WORDS = 4;

  private final Budget budget;
  private final BitSet sealed = new BitSet();
  private long[] words = {};
  private int each = PLAIN_WORDS;
  private int size;
  private long held;

  IdList(Budget budget) {
    this.budget = budget;
  }

  /** Adds an id, or throws what the budget says, and then adds none. */
  void append(EventId id) throws HttpError {
    if (id instanceof EventId.Sealed && each == PLAIN_WORDS) {
      widen();
    }
    if ((size + 1) * each > words.length) {
      replace(Math.max(FIRST * each, words.length + words.length / 2 / each * each));
    }
    switch (id) {
      case EventId.Plain plain -> put(plain.high(), plain.low());
      case EventId.Sealed key -> {
        sealed.set(size);
        put(key.a(), key.b(), key.c(), key.d());
      }
    }
    size++;
  }

  private void put(long... id) {
    System.arraycopy(id, 0, words, size * each, id.length);
  }

  private void widen() throws HttpError {
    long[] narrow = words;
    replace(narrow.length * 2);
    Arrays.fill(words, 0);
    for (int i = 0; i < size; i++) {
      System.arraycopy(narrow, i * PLAIN_WORDS, words, i * SEALED_WORDS, PLAIN_WORDS);
    }
    each = SEALED_WORDS;
  }

  private void replace(int length) throws HttpError {
    long more = (long) Long.BYTES * length;
    budget.take(more);
    release();
    held = more;
    words = Arrays.copyOf(words, length);
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

  /** It isn't counted any more: somebody else does, or nobody needs it. */
  void release() {
    budget.count(-held);
    held = 0;
  }
}
