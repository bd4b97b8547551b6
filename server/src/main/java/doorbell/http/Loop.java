package doorbell.http;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Ticker;
import java.time.InstantSource;
import java.util.List;

/** An event loop and what its connections share. Everything in it belongs to the loop's thread. */
final class Loop {
  final EventLoop events;
  final Deadlines deadlines;
  final Wakeups wakeups;
  final Replies replies;

  /** The node is going down: nothing is parked any more, and every answer closes. */
  private boolean draining;

  Loop(EventLoop events, Ticker ticker, InstantSource clock) {
    this.events = events;
    this.deadlines = new Deadlines(events, ticker);
    this.wakeups = new Wakeups(events);
    this.replies = new Replies(ByteBufAllocator.DEFAULT, clock);
  }

  boolean isDraining() {
    return draining;
  }

  /** Ends all parked waits, evenly over {@code millis}; {@code done} runs when none is left. */
  void drain(long millis, Runnable done) {
    draining = true;
    new Drain(this, millis, done).run();
  }

  /** Closes all connections; each is closed when its future is done. */
  List<ChannelFuture> close() {
    return deadlines.connections().stream().map(Connection::close).toList();
  }
}
