package doorbell.io;

import java.net.SocketAddress;

/** A listening socket that this process was started with, by its number: systemd's begin at 3. */
public final class InheritedSocket extends SocketAddress {
  private static final long serialVersionUID = 1;

  /** The number of the open file. */
  public final int number;

  public InheritedSocket(int number) {
    this.number = number;
  }

  @Override
  public String toString() {
    return "fd:" + number;
  }
}
