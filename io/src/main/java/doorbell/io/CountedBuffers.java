package doorbell.io;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.netty.buffer.UnpooledUnsafeDirectByteBuf;
import io.netty.util.internal.PlatformDependent;

/**
 * Buffers for bytes that clients make the node hold. Each buffer counts in the {@link Budget} with
 * capacity and objects, and goes back to the system at release, since a pool would keep the memory
 * of a crowd that has gone. Belongs to one loop's thread.
 */
public final class CountedBuffers extends AbstractByteBufAllocator {
  /**
   * Heap of a buffer's objects beside the bytes: the buffer, the memory's object, the place in a
   * queue.
   */
  private static final int BUFFER = 256;

  private final Budget budget;
  private long held;

  public CountedBuffers(Budget budget) {
    super(true);
    this.budget = budget;
  }

  /** Bytes of all buffers that are not released yet. */
  public long held() {
    return held;
  }

  /**
   * Appends {@code more} to {@code before}, and releases it. A first buffer that others send too,
   * or that can't grow, is left unchanged and copied; one that becomes large is copied into a
   * buffer of {@code counted}.
   */
  public static ByteBuf join(ByteBufAllocator counted, ByteBuf before, ByteBuf more) {
    ByteBuf both = before;
    int bytes = before.readableBytes() + more.readableBytes();
    boolean much = bytes > IoLimits.HELD && !(before.alloc() instanceof CountedBuffers);
    if (much || before.isReadOnly() || before.maxWritableBytes() < more.readableBytes()) {
      both = (much ? counted : before.alloc()).directBuffer(bytes);
      both.writeBytes(before, before.readerIndex(), before.readableBytes());
      before.release();
    }
    both.writeBytes(more, more.readerIndex(), more.readableBytes());
    more.release();
    return both;
  }

  private void count(int bytes) {
    held += bytes;
    budget.count(bytes);
  }

  @Override
  protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
    return new Heap(this, initialCapacity, maxCapacity);
  }

  @Override
  protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
    return PlatformDependent.hasUnsafe()
        ? new UnsafeDirect(this, initialCapacity, maxCapacity)
        : new Direct(this, initialCapacity, maxCapacity);
  }

  @Override
  public boolean isDirectBufferPooled() {
    return false;
  }

  private static final class Heap extends UnpooledHeapByteBuf {
    Heap(CountedBuffers all, int initialCapacity, int maxCapacity) {
      super(all, initialCapacity, maxCapacity);
      all.count(capacity() + BUFFER);
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
      int before = capacity();
      super.capacity(newCapacity);
      ((CountedBuffers) alloc()).count(capacity() - before);
      return this;
    }

    @Override
    protected void deallocate() {
      ((CountedBuffers) alloc()).count(-capacity() - BUFFER);
      super.deallocate();
    }
  }

  private static final class UnsafeDirect extends UnpooledUnsafeDirectByteBuf {
    UnsafeDirect(CountedBuffers all, int initialCapacity, int maxCapacity) {
      super(all, initialCapacity, maxCapacity);
      all.count(capacity() + BUFFER);
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
      int before = capacity();
      super.capacity(newCapacity);
      ((CountedBuffers) alloc()).count(capacity() - before);
      return this;
    }

    @Override
    protected void deallocate() {
      ((CountedBuffers) alloc()).count(-capacity() - BUFFER);
      super.deallocate();
    }
  }

  private static final class Direct extends UnpooledDirectByteBuf {
    Direct(CountedBuffers all, int initialCapacity, int maxCapacity) {
      super(all, initialCapacity, maxCapacity);
      all.count(capacity() + BUFFER);
    }

    @Override
    public ByteBuf capacity(int newCapacity) {
      int before = capacity();
      super.capacity(newCapacity);
      ((CountedBuffers) alloc()).count(capacity() - before);
      return this;
    }

    @Override
    protected void deallocate() {
      ((CountedBuffers) alloc()).count(-capacity() - BUFFER);
      super.deallocate();
    }
  }
}
