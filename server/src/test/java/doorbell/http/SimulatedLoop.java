package doorbell.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An event loop without a thread: each task runs when the test says so. One thread plays all loops
 * and the store's threads in turn; {@link Stage} tells whom it plays now.
 */
final class SimulatedLoop extends AbstractScheduledEventExecutor implements EventLoop {
  /** Whom the one thread plays, and what happens elsewhere in the middle of a step. */
  static final class Stage {
    private @Nullable SimulatedLoop now;

    /** Called where another thread may come between. */
    Runnable meanwhile = () -> {};

    /** Plays a thread that is no event loop's. */
    void asAnotherThread(Runnable deed) {
      play(null, deed);
    }

    private void play(@Nullable SimulatedLoop loop, Runnable deed) {
      SimulatedLoop before = now;
      now = loop;
      try {
        deed.run();
      } finally {
        now = before;
      }
    }
  }

  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final Stage stage;
  private final Ticker ticker;
  private boolean busy;

  SimulatedLoop(Stage stage, Ticker ticker) {
    this.stage = stage;
    this.ticker = ticker;
  }

  /** In the middle of something: whoever comes between must leave it alone. */
  boolean isBusy() {
    return busy;
  }

  /** Runs {@code deed} on this loop's thread, as a read or a hang-up is. */
  void enter(Runnable deed) {
    if (busy) {
      throw new IllegalStateException("a loop does one thing at a time");
    }
    busy = true;
    try {
      stage.play(this, deed);
    } finally {
      busy = false;
    }
  }

  /** Runs the next task; false if there is none. */
  boolean runOne() {
    enter(this::addDue);
    Runnable task = tasks.poll();
    if (task != null) {
      enter(task);
    }
    return task != null;
  }

  private void addDue() {
    Runnable due = pollScheduledTask(ticker.nanoTime());
    while (due != null) {
      tasks.add(due);
      due = pollScheduledTask(ticker.nanoTime());
    }
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    stage.meanwhile.run();
  }

  @Override
  public Ticker ticker() {
    return ticker;
  }

  @Override
  public boolean inEventLoop(Thread thread) {
    return stage.now == this;
  }

  @Override
  public EventLoopGroup parent() {
    return this;
  }

  @Override
  public EventLoop next() {
    return this;
  }

  /** A channel over an endpoint; the endpoints' own have loops of their own. */
  @Override
  public ChannelFuture register(Channel channel) {
    return register(channel.newPromise());
  }

  @Override
  public ChannelFuture register(ChannelPromise promise) {
    promise.channel().unsafe().register(this, promise);
    return promise;
  }

  @Deprecated
  @Override
  public ChannelFuture register(Channel channel, ChannelPromise promise) {
    throw new UnsupportedOperationException("it is deprecated, and nobody asks");
  }

  @Override
  public boolean isShuttingDown() {
    return false;
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return false;
  }

  @Override
  public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
    throw new UnsupportedOperationException("it has nothing to shut down");
  }

  @Override
  public Future<?> terminationFuture() {
    throw new UnsupportedOperationException("it does not end");
  }

  @Deprecated
  @Override
  public void shutdown() {
    throw new UnsupportedOperationException("it has nothing to shut down");
  }
}
