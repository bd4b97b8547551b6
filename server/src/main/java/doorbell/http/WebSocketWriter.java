package doorbell.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** What a {@link WebSocket} says: frames, sent together once for each pass of the loop. */
abstract class WebSocketWriter extends Timed {
  final Node node;
  final Loop loop;
  final Wire wire;

  /** More bytes may be read before the frames are sent. */
  boolean inRead;

  /** A close frame was said, and nothing may follow it. */
  boolean closing;

  private boolean flushing;

  WebSocketWriter(Node node, Loop loop, Wire wire) {
    this.node = node;
    this.loop = loop;
    this.wire = wire;
  }

  @Override
  public final Wire wire() {
    return wire;
  }

  final ByteBufAllocator allocator() {
    return loop.replies.allocator;
  }

  final void say(String line) {
    if (!closing && !wire.isWritable() && node.budget().isSpentFor(Wire.MAX_UNSENT)) {
      wire.cut(); // Who doesn't read can't be told.
    } else if (!closing) {
      write(WebSocketFrames.text(allocator(), line));
    }
  }

  final void write(ByteBuf frame) {
    wire.write(frame);
    if (!inRead && !flushing) {
      flushing = true;
      loop.soon(wire, this::flush);
    }
  }

  private void flush() {
    flushing = false;
    wire.flush();
    readOrPause();
  }

  /** Has the wire listen to the client, or not. */
  abstract void readOrPause();
}
