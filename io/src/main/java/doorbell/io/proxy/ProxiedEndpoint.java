package doorbell.io.proxy;

import doorbell.io.Endpoint;
import doorbell.io.Protocol;
import doorbell.limit.ClientAddress;
import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/**
 * The endpoint of a proxy, with the address of the client that the proxy speaks for, or with the
 * proxy's own if it doesn't know the client. An address is kept as bytes, which are fewer than an
 * address object's.
 */
public final class ProxiedEndpoint implements Endpoint {
  private final Endpoint proxy;
  private final byte @Nullable [] address;
  private final int port;
  private @Nullable ClientAddress counted;

  /** The endpoint {@code proxy} as that of a client; {@code port} is 0 if it isn't known. */
  public ProxiedEndpoint(Endpoint proxy, InetAddress client, int port) {
    this.proxy = proxy;
    this.address = client.getAddress();
    this.port = port;
  }

  private ProxiedEndpoint(Endpoint proxy) {
    this.proxy = proxy;
    this.address = null;
    this.port = 0;
  }

  /** The endpoint {@code proxy} as that of a client whom the proxy doesn't know. */
  static ProxiedEndpoint unnamed(Endpoint proxy) {
    return new ProxiedEndpoint(proxy);
  }

  @Override
  public @Nullable InetSocketAddress client() {
    if (address == null) {
      return proxy.client();
    }
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException e) {
      throw new AssertionError("an address has 4 or 16 bytes", e);
    }
  }

  @Override
  public @Nullable ClientAddress countedAt() {
    return address == null ? proxy.countedAt() : counted;
  }

  @Override
  public void countAt(@Nullable ClientAddress at) {
    if (address == null) {
      proxy.countAt(at);
    } else {
      counted = at;
    }
  }

  @Override
  public boolean isUnix() {
    return address == null && proxy.isUnix();
  }

  @Override
  public boolean isUnnamed() {
    return address == null;
  }

  @Override
  public Protocol protocol() {
    return proxy.protocol();
  }

  @Override
  public void handTo(Protocol next) {
    proxy.handTo(next);
  }

  @Override
  public void write(ByteBuf bytes) {
    proxy.write(bytes);
  }

  @Override
  public void flush() {
    proxy.flush();
  }

  @Override
  public boolean isWritable() {
    return proxy.isWritable();
  }

  @Override
  public int held() {
    return proxy.held();
  }

  @Override
  public boolean isStalled() {
    return proxy.isStalled();
  }

  @Override
  public boolean isSent() {
    return proxy.isSent();
  }

  @Override
  public boolean isBehind() {
    return proxy.isBehind();
  }

  @Override
  public void listen(boolean wanted) {
    proxy.listen(wanted);
  }

  @Override
  public void finish() {
    proxy.finish();
  }

  @Override
  public void close() {
    proxy.close();
  }

  @Override
  public void cut() {
    proxy.cut();
  }
}
