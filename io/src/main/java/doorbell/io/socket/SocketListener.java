package doorbell.io.socket;

import doorbell.count.Seldom;
import doorbell.io.IoLimits;
import doorbell.io.IoLoop;
import doorbell.io.Listener;
import doorbell.io.OpenFiles;
import doorbell.io.ProtocolFactory;
import doorbell.io.Transport;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens by a bare socket, for {@link SocketEndpoint}s, which are dealt out to the loops in turn.
 * The listener is in the poll set of the first loop, and belongs to that loop's thread.
 */
public final class SocketListener implements Listener, EpollIoHandle, IoUringIoHandle {
  private static final Logger LOG = LoggerFactory.getLogger(SocketListener.class);

  /** Clients taken in one go before the loop looks at earlier clients. */
  private static final int ACCEPTS_PER_PASS = 256;

  /** Most bytes of a client's address, as {@link Socket#accept} writes addresses. */
  private static final int ADDRESS_BYTES = 128;

  private final List<IoLoop> loops;

  /** Sockets in the io_uring of each loop; none over epoll. */
  private final List<UringSlots> rings = new ArrayList<>();

  private final Transport transport;
  private final Function<IoLoop, ProtocolFactory> protocols;
  private final int mostClients;
  private final ListeningSocket socket;
  private final byte[] client = new byte[ADDRESS_BYTES];
  private final Promise<Void> closed;
  private final IoRegistration registration;
  private long poll;
  private int next;
  private boolean refused;
  private final Seldom tells = new Seldom();

  /** An accept is scheduled already: edges that come meanwhile begin nothing. */
  private boolean again;

  /** Throws an exception that tells the fault of the address. */
  public SocketListener(Transport transport, Place place, List<IoLoop> loops, int mostClients)
      throws IOException {
    this.transport = transport;
    this.protocols = place.protocols();
    this.loops = loops;
    this.mostClients = mostClients;
    IoEventLoop events = (IoEventLoop) loops.get(0).events;
    if (isUring()) {
      loops.forEach(loop -> rings.add(new UringSlots((IoEventLoop) loop.events)));
    }
    this.closed = events.newPromise();
    this.socket = ListeningSocket.open(place.address(), place.taken());
    registration = events.register(this).syncUninterruptibly().getNow();
    events.execute(this::join);
  }

  @Override
  public List<SocketAddress> addresses() {
    return List.of(socket.address());
  }

  @Override
  public FileDescriptor fd() {
    return socket;
  }

  private boolean isUring() {
    return transport == Transport.IO_URING;
  }

  private void join() {
    if (isUring()) {
      poll = registration.submit(UringOps.poll(socket.intValue(), 0));
    } else {
      registration.submit(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET));
    }
  }

  @Override
  public void handle(IoRegistration self, IoEvent event) {
    boolean ready = !(event instanceof IoUringIoEvent polled) || UringOps.isPoll(polled);
    if (ready && !again) {
      accept();
    }
  }

  private void acceptAgain(long millis) {
    again = true;
    loops.get(0).events.schedule(this::accept, millis, TimeUnit.MILLISECONDS);
  }

  private void accept() {
    again = false;
    if (!registration.isValid()) {
      return;
    }
    try {
      loops.get(0).turns.begin();
      for (int i = 0; i < ACCEPTS_PER_PASS && !loops.get(0).turns.isOver(); i++) {
        if (isFull()) {
          onRefused(OpenFiles.ALL_TAKEN);
          return;
        }
        int accepted = socket.accept(client);
        if (accepted < 0) {
          refused = false;
          if (isUring()) { // An io_uring tells once, an epoll set each time.
            join();
          }
          return;
        }
        welcome(new ClientSocket(accepted));
      }
      acceptAgain(0);
    } catch (IOException e) {
      onRefused(String.valueOf(e.getMessage()));
    } catch (Throwable e) { // Accepting would end for ever.
      onRefused(e.toString());
    }
  }

  private boolean isFull() {
    return loops.stream().mapToInt(IoLoop::open).sum() >= mostClients;
  }

  /** Takes the clients that a close would reset; those of a shared socket are the other node's. */
  private void acceptRest() {
    try {
      for (int i = 0; i < IoLimits.ACCEPT_BACKLOG && !socket.isInherited() && !isFull(); i++) {
        int accepted = socket.accept(client);
        if (accepted < 0) {
          return;
        }
        welcome(new ClientSocket(accepted));
      }
    } catch (Throwable e) { // The socket is closed in any case.
      LOG.warn("clients that had just come were not taken", e);
    }
  }

  /**
   * Tries again later, and warns once a minute at most, since nothing tells when there is room
   * again.
   */
  private void onRefused(String why) {
    if (!refused && tells.isDue()) {
      LOG.warn("new clients are queued until others leave: {}", why);
    }
    refused = true;
    acceptAgain(IoLimits.ACCEPT_AGAIN_MILLIS);
  }

  private void welcome(ClientSocket accepted) throws IOException {
    int turn = next;
    IoLoop loop = loops.get(turn);
    ProtocolFactory first = protocols.apply(loop);
    next = (next + 1) % loops.size();
    loop.onOpened();
    try {
      SocketEndpoint endpoint =
          isUring()
              ? new UringEndpoint(loop, accepted, first, rings.get(turn))
              : new EpollEndpoint(loop, accepted, first);
      if (loop.events.inEventLoop()) {
        endpoint.open();
      } else {
        loop.events.execute(endpoint::open);
      }
    } catch (Throwable e) {
      accepted.close();
      loop.onReleased();
      throw e;
    }
  }

  @Override
  public boolean giveWay() {
    boolean gives = socket.givesWay();
    if (!gives) {
      stop();
    }
    return gives;
  }

  @Override
  public Future<?> stop() {
    try {
      loops.get(0).events.execute(this::close);
    } catch (RejectedExecutionException loopHasEnded) {
      unregistered();
    }
    return closed;
  }

  /** Runs on the first loop, which waits for this at the loop's end. */
  @Override
  public void close() {
    if (registration.isValid()) {
      acceptRest();
      if (isUring()) {
        registration.submit(UringOps.cancel(poll));
      }
      registration.cancel();
    }
  }

  @Override
  public void unregistered() {
    if (loops.get(0).events.inEventLoop()) {
      acceptRest(); // An io_uring takes a pass to let go, and clients came meanwhile.
    }
    try {
      socket.end();
    } catch (IOException e) {
      LOG.warn("the port was not closed cleanly", e);
    }
    closed.trySuccess(null);
  }
}
