package doorbell.cli.doctor;

import static java.util.stream.Collectors.joining;

import doorbell.cli.doctor.Finding.Check;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** The checks of the name and of the way to its addresses. */
final class Reach {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final String REFUSES = "refuses";
  private static final String SILENT = "is silent";

  /**
   * What came of a connection.
   *
   * @param failure empty if it was made
   */
  record Tried(String address, String failure, Duration took) {
    boolean isMade() {
      return failure.isEmpty();
    }

    private boolean isRefused() {
      return failure.equals(REFUSES);
    }

    private boolean isSilent() {
      return failure.equals(SILENT);
    }

    private String text() {
      return address + (isMade() ? " in " + Finding.time(took) : " " + failure);
    }
  }

  private Reach() {}

  /** The name's addresses, the first of which most clients ask; none if nobody knows the name. */
  static List<InetAddress> addresses(String host) {
    try {
      return List.of(InetAddress.getAllByName(host));
    } catch (UnknownHostException e) {
      return List.of();
    }
  }

  static Finding name(String host, List<InetAddress> addresses) {
    if (addresses.isEmpty()) {
      return Check.NAME.cross(
          "nobody knows the name " + host,
          "Is it misspelt? Else add an A or AAAA record for it where its domain is kept, and"
              + " wait until that is known here: 'dig "
              + host
              + "'.");
    }
    if (host.matches("[0-9.]+|.*:.*")) {
      return Check.NAME.well(host + " is an address");
    }
    return Check.NAME.well(
        host + " is " + addresses.stream().map(Reach::withFamily).collect(joining(", ")));
  }

  private static String withFamily(InetAddress address) {
    return address.getHostAddress() + (address instanceof Inet6Address ? " (IPv6)" : " (IPv4)");
  }

  static Finding check(List<InetAddress> addresses, int port) {
    Executor threads = task -> Thread.ofVirtual().start(task);
    List<CompletableFuture<Tried>> all =
        addresses.stream()
            .map(one -> CompletableFuture.supplyAsync(() -> connect(one, port), threads))
            .toList();
    return judge(all.stream().map(CompletableFuture::join).toList(), port);
  }

  private static Tried connect(InetAddress address, int port) {
    String text = address.getHostAddress();
    long start = System.nanoTime();
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), (int) CONNECT.toMillis());
      return new Tried(text, "", Duration.ofNanos(System.nanoTime() - start));
    } catch (SocketTimeoutException e) {
      return new Tried(text, SILENT, CONNECT);
    } catch (ConnectException e) {
      return new Tried(text, REFUSES, Duration.ZERO);
    } catch (IOException e) {
      String why = "can't be reached (" + Answer.printable(String.valueOf(e.getMessage())) + ")";
      return new Tried(text, why, Duration.ZERO);
    }
  }

  /**
   * All addresses of a name must answer, but for those that there is no way to from here, such as
   * IPv6 in a network without it. Of this machine's own names the first address counts: a node
   * listens at 127.0.0.1 alone, and localhost is ::1 too.
   */
  static Finding judge(List<Tried> all, int port) {
    String text = "port " + port + ": " + all.stream().map(Tried::text).collect(joining("; "));
    boolean isOwn = all.stream().anyMatch(one -> one.address.startsWith("127."));
    List<Tried> bad = all.stream().filter(one -> one.isRefused() || one.isSilent()).toList();
    if (isOwn ? all.getFirst().isMade() : bad.isEmpty() && isAnyMade(all)) {
      return Check.REACHED.well(text);
    }
    if (isAnyMade(all)) {
      return Check.REACHED.cross(
          text,
          "Browsers try the next address; other clients may take one alone. Have all addresses"
              + " answer, or take the others out of the DNS.");
    }
    return Check.REACHED.cross(
        text,
        all.stream().anyMatch(Tried::isRefused)
            ? "Nothing listens there: is the web server, or the node, running, and is this its"
                + " port? './doorbell serve' starts a node, at 127.0.0.1:8080 by default."
            : "A firewall drops what comes, or the address is another machine's.");
  }

  private static boolean isAnyMade(List<Tried> all) {
    return all.stream().anyMatch(Tried::isMade);
  }

  /** An address of IPv6 as Java writes it. */
  static String full(String address) {
    try {
      return InetAddress.ofLiteral(address).getHostAddress();
    } catch (IllegalArgumentException e) {
      return address;
    }
  }
}
