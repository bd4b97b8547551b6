package doorbell.io.socket;

import static java.util.Objects.requireNonNull;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of a loop in the loop's io_uring, each in a slot. A Netty registration for each
 * socket would be larger than the rest of the socket, and Netty looks through many registrations to
 * remove one. So a page of slots shares a registration, and the number that Netty passes on with an
 * operation tells the slot.
 */
final class UringSlots {
  private static final int PAGE = 256;

  private final IoEventLoop events;
  private final List<Page> pages = new ArrayList<>(1);
  private @Nullable UringEndpoint[] endpoints = new UringEndpoint[PAGE];
  private int used;

  /** A stack of the slots below {@code used} that were given back. */
  private int[] free = new int[PAGE];

  private int freed;
  private boolean closed;

  UringSlots(IoEventLoop events) {
    this.events = events;
  }

  /**
   * Gives a socket a slot.
   *
   * @throws IllegalStateException if the loop is ending
   */
  int add(UringEndpoint endpoint) {
    if (closed) {
      throw new IllegalStateException("the loop is ending");
    }
    int slot = freed > 0 ? free[--freed] : fresh();
    endpoints[slot] = endpoint;
    return slot;
  }

  private int fresh() {
    if (used == endpoints.length) {
      endpoints = Arrays.copyOf(endpoints, 2 * used);
      free = Arrays.copyOf(free, 2 * used);
    }
    if (used == pages.size() * PAGE) {
      pages.add(new Page(used));
    }
    return used++;
  }

  /** The kernel has nothing of the socket any more. */
  void remove(int slot) {
    endpoints[slot] = null;
    free[freed++] = slot;
  }

  /** The number that goes with each operation of a slot. */
  static int data(int slot) {
    return slot % PAGE;
  }

  /** The completion goes to the endpoint in {@code slot}. */
  void submit(int slot, IoUringIoOps operation) {
    pages.get(slot / PAGE).registration.submit(operation);
  }

  private final class Page implements IoUringIoHandle {
    private final int first;
    private final IoRegistration registration;

    Page(int first) {
      this.first = first;
      this.registration = events.register(this).syncUninterruptibly().getNow();
    }

    @Override
    public void handle(IoRegistration self, IoEvent event) {
      IoUringIoEvent completion = (IoUringIoEvent) event;
      int slot = first + (int) completion.userData();
      requireNonNull(endpoints[slot]).onCompletion(completion);
    }

    /** The loop ends. */
    @Override
    public void close() {
      closed = true;
      for (int slot = first; slot < Math.min(used, first + PAGE); slot++) {
        UringEndpoint endpoint = endpoints[slot];
        if (endpoint != null) {
          endpoint.cut();
        }
      }
      registration.cancel();
    }
  }
}
