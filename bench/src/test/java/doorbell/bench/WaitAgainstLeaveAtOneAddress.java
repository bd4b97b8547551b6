package doorbell.bench;

import static java.util.Objects.requireNonNull;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import doorbell.limit.AddressLimits;
import doorbell.limit.ClientAddress;
import doorbell.limit.QuotaException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** An address that may park one wait, which leaves while another comes; and later a third. */
@JCStressTest
@Outcome(id = "true, false", expect = ACCEPTABLE, desc = "The other is parked, and the only one.")
@Outcome(id = "false, true", expect = ACCEPTABLE, desc = "The other came before the first left.")
@Outcome(id = "true, true", expect = FORBIDDEN, desc = "Two are parked where one may be.")
@Outcome(id = "false, false", expect = FORBIDDEN, desc = "The first is counted though it left.")
@State
public class WaitAgainstLeaveAtOneAddress {
  private static final AddressLimits LIMITS =
      new AddressLimits(new AddressLimits.Most(0, 0, 1, 0, 0), 0);

  private static final AtomicInteger NEXT = new AtomicInteger();

  /** An address of this state alone. */
  private final int number = NEXT.getAndIncrement();

  private final @Nullable ClientAddress first = park(address());
  private @Nullable ClientAddress other;

  private ClientAddress address() {
    try {
      byte[] bytes = ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
      InetAddress address = InetAddress.getByAddress(bytes);
      return requireNonNull(ClientAddress.of(new InetSocketAddress(address, 1)));
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are an address", e);
    }
  }

  private static @Nullable ClientAddress park(ClientAddress address) {
    try {
      return LIMITS.park(address, 1);
    } catch (QuotaException full) {
      return null;
    }
  }

  private static void unpark(@Nullable ClientAddress at) {
    if (at != null) {
      LIMITS.unpark(at, 1);
    }
  }

  @Actor
  public void leave() {
    unpark(first);
  }

  /** By the object that is counted, as a connection does. */
  @Actor
  public void come() {
    other = first == null ? null : park(first);
  }

  @Arbiter
  public void end(ZZ_Result seen) {
    ClientAddress third = park(address());
    seen.r1 = other != null;
    seen.r2 = third != null;
    unpark(other);
    unpark(third);
  }
}
