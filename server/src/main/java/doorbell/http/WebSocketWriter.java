package doorbell.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * What a {@link WebSocketConnection} says: frames, sent together once for each pass of the loop.
 */
abstract class WebSocketWriter extends Deadline {
  final Node node;
  final Loop loop;
  final Endpoint endpoint;

  /** More bytes may be read before the frames are sent. */
  boolean inRead;

  /** A close frame was said, and nothing may follow it. */
  boolean closing;

  private boolean flushing;

  WebSocketWriter(Node node, Loop loop, Endpoint endpoint) {
    this.node = node;
    this.loop = loop;
    this.endpoint = endpoint;
  }

  @Override
  public final Endpoint endpoint() {
    return endpoint;
  }

  final ByteBufAllocator allocator() {
    return loop.encoder.allocator;
  }

  final void say(String line) {
    if (!closing && !endpoint.isWritable() && node.budget().isSpentFor(Endpoint.MAX_UNSENT)) {
      endpoint.cut(); // Who doesn't read can't be told.
    } else if (!closing) {
      write(WebSocketFrames.text(allocator(), line));
    }
  }

  final void write(ByteBuf frame) {
    endpoint.write(frame);
    if (!inRead && !flushing) {
      flushing = true;
      loop.soon(endpoint, this::flush);
    }
  }

  private void flush() {
    flushing = false;
    endpoint.flush();
    readOrPause();
  }

  /** Has the endpoint listen to the client, or not. */
  abstract void readOrPause();
}
