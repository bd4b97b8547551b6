package doorbell.io.socket;

import doorbell.io.CountedBuffers;
import doorbell.io.Endpoint;
import doorbell.io.IoLoop;
import doorbell.io.Protocol;
import doorbell.io.ProtocolFactory;
import doorbell.io.Turns;
import doorbell.limit.ClientAddress;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.NotYetConnectedException;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint that is a bare socket in the loop's poll set. The endpoint holds no buffer while
 * nothing is to be sent, and is told of edges only, so it reads until no bytes are left.
 */
abstract class SocketEndpoint implements Endpoint, Turns.Taker {
  /** Low bits of a time in nanoseconds that {@link #taken} leaves out: the unit is 4 µs. */
  private static final int TAKEN_BITS = 12;

  /** Share of a stretch that a client has at once, a twentieth; more time comes in turns. */
  private static final byte SHARE = 105;

  /** Value of {@link #taken} while the client waits for a turn. */
  private static final byte ASKS = -1;

  final ClientSocket socket;
  final IoLoop loop;
  private Protocol protocol;

  /**
   * Bytes that the kernel takes now, of which the kernel has {@code sent}; the buffer stays
   * unchanged until all are taken.
   */
  private @Nullable ByteBuf sending;

  private int sent;

  /** Bytes to send after that. */
  @Nullable ByteBuf unsent;

  boolean listening = true;

  /** The protocol was told that there is no room, and not yet that there is room again. */
  private boolean lacksRoom;

  /** More bytes are there to read, as far as is known; and then the end. */
  private boolean readable;

  private boolean ended;

  /** The end was read. */
  private boolean over;

  /** Closing steps that follow when all is sent. */
  private boolean finishing;

  private boolean closing;
  boolean closed;

  /** Time that the client took of the loop in this {@code stretch}. */
  private byte taken;

  private byte stretch;

  /** The moment in which the kernel was given bytes, or took some, most recently. */
  private byte offered;

  /** The client had more bytes than a turn was enough for. */
  private boolean greedy;

  SocketEndpoint(IoLoop loop, ClientSocket socket, ProtocolFactory protocols) {
    this.loop = loop;
    this.socket = socket;
    this.protocol = protocols.first(this);
  }

  /** Registers with the loop. Throws if the loop is ending. */
  abstract void register();

  /** Joins the poll set, to be told of bytes, of the end, and of room. */
  abstract void join();

  /** Asks to be told of more bytes, when all bytes are read. */
  abstract void poll();

  /** Has the kernel take bytes of {@code sending} from {@code from} on: see {@link #onSent}. */
  abstract void send(ByteBuf sending, int from) throws IOException;

  /** Reads into {@code bytes}: the count, 0 if no bytes are there now, -1 at the end. */
  int receive(ByteBuf bytes) throws IOException {
    return socket.recvAddress(bytes.memoryAddress(), 0, bytes.capacity());
  }

  /** Ends the sending side, and the receiving side too if {@code reading}. */
  void shutdownSocket(boolean reading) throws IOException {
    socket.shutdown(reading, true);
  }

  void closeSocket() {
    socket.end();
  }

  /** Leaves the poll set and then calls {@link #release}. */
  abstract void leave();

  /**
   * Joins the poll set of the loop, on the loop's thread; the loop counts this connection already.
   */
  final void open() {
    try {
      register();
    } catch (RuntimeException | Error loopIsEnding) {
      release();
      return;
    }
    try {
      protocol = loop.admit(this, protocol);
      protocol.onOpen();
      if (!closed) {
        join();
      }
    } catch (Throwable fault) {
      loop.faults.cut(this, fault);
    }
  }

  /** Bytes came; and then the end, if {@code end}. */
  final void onReadable(boolean end) {
    readable = true;
    ended |= end;
    if (listening && taken != ASKS) {
      loop.turns.begin();
      if (greedy || (taken >= SHARE && stretch == loop.turns.stretch())) {
        askTurn();
      } else {
        read();
      }
    }
  }

  private void askTurn() {
    if (taken != ASKS) {
      taken = ASKS;
      loop.turns.ask(this);
    }
  }

  @Override
  public final void onTurn() {
    taken = 0;
    if (readable && listening && !closed) {
      read();
    }
  }

  @Override
  public final Endpoint endpoint() {
    return this;
  }

  private void read() {
    long before = loop.turns.taken();
    try {
      do {
        readSome(loop.input());
      } while (readable && listening && !closed && !loop.turns.isOver());
      protocol.onReadEnd();
    } catch (IOException brokenOff) {
      cut();
    } catch (Throwable fault) {
      loop.faults.cut(this, fault);
    }
    count(loop.turns.taken() - before);
    if (readable) {
      readOn();
    } else if (!closed && !closing && !over) {
      poll();
    }
  }

  /**
   * Counts time. A greedy client isn't greedy any more after needing little of a turn; a client
   * that asked for the next turn meanwhile still waits for that turn.
   */
  private void count(long nanos) {
    byte now = loop.turns.stretch();
    if (taken != ASKS) {
      long sum = (stretch == now ? taken : 0) + (nanos >> TAKEN_BITS);
      taken = (byte) Math.min(sum, Byte.MAX_VALUE);
    }
    stretch = now;
    greedy = (readable && listening) || (greedy && nanos > loop.turns.length / 4);
  }

  /** A buffer that wasn't filled took all bytes, but not the end. */
  private void readSome(ByteBuf bytes) throws IOException {
    int read = receive(bytes);
    readable = read == bytes.capacity() || (ended && read > 0);
    if (read > 0) {
      protocol.onBytes(bytes.setIndex(0, read));
    } else if (read < 0 && !over) {
      over = true;
      protocol.onEnd();
    }
  }

  private void readOn() {
    if (readable && listening && !closed) {
      askTurn();
    }
  }

  @Override
  public final void listen(boolean wanted) {
    if (wanted != listening) {
      listening = wanted;
      readOn();
    }
  }

  @Override
  public final Protocol protocol() {
    return protocol;
  }

  @Override
  public final void handTo(Protocol next) {
    protocol = next;
  }

  @Override
  public @Nullable InetSocketAddress client() {
    return ListeningSocket.peerOf(socket);
  }

  @Override
  public final @Nullable ClientAddress countedAt() {
    return socket.counted;
  }

  @Override
  public final void countAt(@Nullable ClientAddress at) {
    socket.counted = at;
  }

  @Override
  public final boolean isUnix() {
    return ListeningSocket.hasUnixPeer(socket);
  }

  @Override
  public final void write(ByteBuf bytes) {
    if (closed || !bytes.isReadable()) {
      bytes.release();
    } else {
      unsent = unsent == null ? bytes : CountedBuffers.join(loop.allocator, unsent, bytes);
    }
  }

  @Override
  public final void flush() {
    if (closed || sending != null) {
      return;
    }
    if (unsent != null) {
      sending = unsent;
      offered = loop.turns.moment();
      unsent = null;
      sent = 0;
      send();
    } else if (closing) {
      cut();
    } else if (finishing) {
      finishing = false;
      shutdown(false);
    }
  }

  /** Sends the rest of the bytes that the kernel takes now, if any. */
  final void send() {
    if (sending != null) {
      try {
        send(sending, sent);
      } catch (IOException brokenOff) {
        cut();
      }
    }
  }

  /** The kernel took so many bytes; false if the kernel must be given the rest. */
  final boolean onSent(int bytes) {
    ByteBuf all = sending;
    sent += bytes;
    offered = bytes > 0 ? loop.turns.moment() : offered;
    if (all == null || closed || sent < all.writerIndex()) {
      return all == null || closed;
    }
    sending = null;
    all.release();
    flush();
    if (lacksRoom && !closed) {
      loop.events.execute(this::onRoom);
    }
    return true;
  }

  private void onRoom() {
    if (lacksRoom && !closed && hasRoom()) {
      lacksRoom = false;
      loop.run(this, protocol::onWritable);
    }
  }

  /** Ends the sending side; if {@code reading} ends too, bytes that are being sent are given up. */
  final void shutdown(boolean reading) {
    try {
      shutdownSocket(reading);
    } catch (IOException | NotYetConnectedException brokenOff) {
      cut();
    }
  }

  @Override
  public final boolean isWritable() {
    lacksRoom |= !hasRoom();
    return hasRoom();
  }

  @Override
  public final int held() {
    int now = sending == null ? 0 : sending.writerIndex() - sent;
    return now + (unsent == null ? 0 : unsent.readableBytes());
  }

  @Override
  public final boolean isStalled() {
    return sending != null && ((loop.turns.moment() - offered) & 0xff) > 1;
  }

  @Override
  public final boolean isSent() {
    return sending == null && unsent == null;
  }

  @Override
  public final boolean isBehind() {
    return taken == ASKS && readable && listening;
  }

  private boolean hasRoom() {
    return unsent == null || unsent.readableBytes() <= MAX_UNSENT;
  }

  @Override
  public final void finish() {
    finishing = true;
    flush();
  }

  @Override
  public final void close() {
    closing = true;
    flush();
  }

  @Override
  public final void cut() {
    if (!closed) {
      closed = true;
      try {
        protocol.onClosed();
      } catch (Throwable fault) {
        loop.faults.tell(fault);
      }
      if (sending != null) {
        shutdown(true);
      }
      leave();
    }
  }

  /** Gives back the socket and the buffers. */
  final void release() {
    closed = true;
    ReferenceCountUtil.release(sending);
    ReferenceCountUtil.release(unsent);
    sending = null;
    unsent = null;
    closeSocket();
    loop.onReleased(this);
  }
}
