package doorbell.io;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A listening socket that this process was started with, by its number: systemd's begin at 3. */
public final class InheritedSocket extends SocketAddress {
  private static final long serialVersionUID = 1;

  /** The number of the open file. */
  public final int number;

  public InheritedSocket(int number) {
    this.number = number;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof InheritedSocket socket && socket.number == number;
  }

  @Override
  public int hashCode() {
    return number;
  }

  @Override
  public String toString() {
    return "fd:" + number;
  }
}
