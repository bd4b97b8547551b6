package doorbell.io.socket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import doorbell.io.InheritedSocket;
import doorbell.io.IoLimits;
import io.netty.channel.ChannelException;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** A socket that listens: at a TCP address, at a file, or as the process was started with it. */
final class ListeningSocket extends Socket {
  /**
   * Bytes of the name of a Unix socket's file: the kernel takes 107, and a shorter name is tried.
   */
  private static final int MOST_PATH = 100;

  /** Owner and group, so that a web server of that group comes in. */
  private static final String UNIX_MODE = "rw-rw----";

  private static final int SOCKET_FILE = 0140000;
  private static final int FILE_KIND = 0170000;

  private static final int SOL_SOCKET = 1;
  private static final int SO_ACCEPTCONN = 30;
  private static final int SO_DOMAIN = 39;
  private static final int AF_UNIX = 1;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int O_NONBLOCK = 0x800;

  private static final int SOL_TCP = 6;
  private static final int TCP_KEEPIDLE = 4;
  private static final int TCP_KEEPINTVL = 5;
  private static final int TCP_KEEPCNT = 6;
  private static final int TCP_USER_TIMEOUT = 18;

  /** The file of a Unix socket that this socket made, and what tells it from later files. */
  private @Nullable Path file;

  private @Nullable Object fileKey;

  /** Another name of the file before it: an earlier node's, which may outlive this one. */
  private @Nullable Path older;

  private @Nullable SocketAddress address;
  private boolean inherited;

  private ListeningSocket(int fd) {
    super(fd);
  }

  /**
   * Listens at {@code listen}, beside the node that listens there if the address is {@code taken};
   * the exception tells the fault of the address.
   */
  static ListeningSocket open(SocketAddress listen, boolean taken) throws IOException {
    ListeningSocket socket = made(listen);
    try {
      // No switch over types, here and in made: the JVM would spin classes for it at each start.
      if (listen instanceof InetSocketAddress tcp) {
        socket.listenAt(tcp, taken);
      } else if (listen instanceof UnixDomainSocketAddress unix) {
        socket.listenAt(unix.getPath().toAbsolutePath(), taken);
      } else {
        socket.takeOver();
      }
      return socket;
    } catch (IOException | RuntimeException e) {
      if (!(listen instanceof InheritedSocket)) { // It may be any file of this process.
        socket.close();
      }
      throw e;
    }
  }

  /**
   * A socket of the address's family: IPv6 takes IPv4 clients too, which is right for [::] only.
   */
  private static ListeningSocket made(SocketAddress listen) throws IOException {
    if (listen instanceof InetSocketAddress tcp) {
      return new ListeningSocket(newSocketStream0(tcp.getAddress() instanceof Inet6Address));
    }
    if (listen instanceof UnixDomainSocketAddress) {
      return new ListeningSocket(newSocketDomain().intValue());
    }
    if (listen instanceof InheritedSocket inherited) {
      return inherited(inherited.number);
    }
    throw new IllegalArgumentException("no address to listen at: " + listen);
  }

  private static ListeningSocket inherited(int number) throws IOException {
    try {
      ListeningSocket socket = new ListeningSocket(number);
      if (socket.getIntOpt(SOL_SOCKET, SO_ACCEPTCONN) == 1) {
        return socket;
      }
    } catch (IOException | ChannelException e) {
      throw new IOException("this file is not open, or is no socket", e);
    }
    throw new IOException("this socket doesn't listen");
  }

  /**
   * Listens at a port, which a later node of the same user may share. This node shares one only if
   * told so: else a second node by mistake would get half of the clients of the first.
   */
  private void listenAt(InetSocketAddress tcp, boolean taken) throws IOException {
    setReuseAddress(true);
    forClients();
    if (taken) {
      SharedPort.open(this);
    }
    bind(tcp);
    listen(IoLimits.ACCEPT_BACKLOG);
    if (taken) {
      SharedPort.preferOlder(this);
    } else {
      SharedPort.open(this); // Not before it listens: of two that begin together one is refused.
    }
    address = localAddress();
  }

  /**
   * True if new clients go to a later node, so that nothing is lost by going on until those that
   * are on their way have come.
   */
  boolean givesWay() {
    try {
      return file == null
          ? address instanceof InetSocketAddress && SharedPort.preferNewer(this)
          : Files.exists(file) && !isOwn(file);
    } catch (IOException gone) {
      return false;
    }
  }

  /** True if this socket is another's too, who takes the clients that this process leaves. */
  boolean isInherited() {
    return inherited;
  }

  /** Sets options for clients: Linux hands a listening socket's options on to accepted sockets. */
  private void forClients() throws IOException {
    setTcpNoDelay(true);
    setKeepAlive(true);
    setSendBufferSize(IoLimits.KERNEL_UNSENT);
    setReceiveBufferSize(IoLimits.KERNEL_UNREAD);
    setIntOpt(SOL_TCP, TCP_KEEPIDLE, IoLimits.KEEP_ALIVE_IDLE_SECONDS);
    setIntOpt(SOL_TCP, TCP_KEEPINTVL, IoLimits.KEEP_ALIVE_INTERVAL_SECONDS);
    setIntOpt(SOL_TCP, TCP_KEEPCNT, IoLimits.KEEP_ALIVE_PROBES);
    setIntOpt(SOL_TCP, TCP_USER_TIMEOUT, IoLimits.USER_TIMEOUT_MILLIS);
  }

  /**
   * Listens at a file. The file is made under another name, and takes its place when it has its
   * mode and listens: so no client meets a socket without either.
   */
  private void listenAt(Path path, boolean taken) throws IOException {
    if (path.toString().getBytes(UTF_8).length > MOST_PATH) {
      throw new IOException("the name of a Unix socket has at most " + MOST_PATH + " bytes");
    }
    checkFree(path, taken);
    Path made = hiddenBeside(path);
    try {
      bind(new DomainSocketAddress(made.toString()));
      Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(UNIX_MODE));
      listen(IoLimits.ACCEPT_BACKLOG);
      fileKey = keyOf(made);
      if (taken && Files.exists(path)) {
        older = Files.createLink(hiddenBeside(path), path);
      }
      Files.move(made, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.deleteIfExists(made);
      throw e;
    }
    file = path;
    address = UnixDomainSocketAddress.of(path);
  }

  private static Path hiddenBeside(Path path) {
    int any = ThreadLocalRandom.current().nextInt(1 << 30);
    return path.resolveSibling("." + Integer.toString(any, 36));
  }

  /** A file that a program left behind may go, or that of a node which is about to end. */
  private static void checkFree(Path path, boolean taken) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & FILE_KIND) != SOCKET_FILE) {
      throw new IOException("this file is there and is no socket");
    }
    if (!taken && isHeard(path)) {
      throw new IOException("another program listens there");
    }
  }

  private static boolean isHeard(Path path) throws IOException {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.configureBlocking(false); // A program that takes no clients would hold up the start.
      probe.connect(UnixDomainSocketAddress.of(path));
    } catch (ConnectException nobodyListens) {
      return false;
    }
    return true;
  }

  private boolean isOwn(Path path) throws IOException {
    return requireNonNull(fileKey).equals(keyOf(path));
  }

  private static @Nullable Object keyOf(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  /** Takes a socket over that listens already. */
  private void takeOver() throws IOException {
    inherited = true;
    neverBlock(intValue());
    if (isUnix(this)) {
      address = new InheritedSocket(intValue());
    } else {
      address = localAddress();
      forClients();
    }
  }

  /** An accept without a client would stop the loop; Netty's own sockets are made so. */
  @SuppressWarnings("restricted") // The command allows native access, for Netty.
  private static void neverBlock(int fd) throws IOException {
    Linker linker = Linker.nativeLinker();
    MethodHandle fcntl =
        linker.downcallHandle(
            linker.defaultLookup().find("fcntl").orElseThrow(),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    try {
      int flags = (int) fcntl.invokeExact(fd, F_GETFL, 0);
      if (flags < 0 || (int) fcntl.invokeExact(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        throw new IOException("this socket can't be kept from blocking");
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException("this socket can't be kept from blocking", e);
    }
  }

  /** True for a socket of this machine alone, whose peers have no address. */
  static boolean isUnix(Socket socket) throws IOException {
    return socket.getIntOpt(SOL_SOCKET, SO_DOMAIN) == AF_UNIX;
  }

  /** The address of an accepted socket's peer; null if the peer is gone, or has none. */
  static @Nullable InetSocketAddress peerOf(Socket accepted) {
    try {
      return isUnix(accepted) ? null : accepted.remoteAddress();
    } catch (IOException | ChannelException gone) {
      return null;
    }
  }

  /** True if an accepted socket is a Unix socket; false if it is closed. */
  static boolean hasUnixPeer(Socket accepted) {
    try {
      return isUnix(accepted);
    } catch (IOException | ChannelException gone) {
      return false;
    }
  }

  /** The address, with the real port number. */
  SocketAddress address() {
    return requireNonNull(address);
  }

  /**
   * Closes the socket, and takes its file away unless another program has that name now. The file
   * of an earlier node that listens still gets its name back.
   */
  void end() throws IOException {
    close();
    Path own = file;
    file = null; // Once only: the key may be another file's then.
    if (own != null && Files.exists(own) && isOwn(own)) {
      if (older != null && isHeard(older)) {
        Files.move(older, own, StandardCopyOption.ATOMIC_MOVE);
      } else {
        Files.delete(own);
      }
    }
    if (older != null) {
      Files.deleteIfExists(older);
    }
  }
}
