package doorbell.io.proxy;

import doorbell.io.Deadline;
import doorbell.io.Endpoint;
import doorbell.io.IoLoop;
import doorbell.io.Protocol;
import doorbell.io.ProtocolFactory;
import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of a connection that comes through a proxy, until the header of the PROXY protocol
 * is whole. Belongs to the loop's thread; nothing of it stays afterwards.
 *
 * <pre>
 * open --a whole header--> handed to the next protocol
 *   +--a peer that isn't trusted, or another protocol--> refused with a sentence
 *   +--a broken header, or none in time--> cut off
 * </pre>
 */
final class ProxyHeaderReader extends Deadline implements Protocol {
  /** First byte of a handshake of TLS, to which a sentence in plain text says nothing. */
  private static final byte TLS_HANDSHAKE = 22;

  private final ProxyProtocol proxies;
  private final IoLoop loop;
  private final Endpoint endpoint;
  private final ProtocolFactory inside;

  /** The beginning of the header; null if nothing has come. */
  private @Nullable ByteBuf begun;

  ProxyHeaderReader(ProxyProtocol proxies, IoLoop loop, Endpoint endpoint, ProtocolFactory inside) {
    this.proxies = proxies;
    this.loop = loop;
    this.endpoint = endpoint;
    this.inside = inside;
  }

  @Override
  public Endpoint endpoint() {
    return endpoint;
  }

  @Override
  public void onOpen() {
    loop.deadlines.set(this, proxies.rules().headerMillis());
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    ByteBuf kept = begun;
    begun = null;
    ByteBuf all = kept == null ? bytes : kept.writeBytes(bytes);
    try {
      if (kept == null && !proxies.rules().trusts(endpoint)) {
        refuse(all, peer() + " is no trusted proxy", "this port is for trusted proxies alone");
        return;
      }
      ProxyHeader header = ProxyHeader.read(all);
      if (header == null) {
        keep(all);
      } else {
        all.skipBytes(header.bytes());
        handOver(header, all);
      }
    } catch (ProxyHeader.Broken broken) {
      String why = peer() + ": " + broken.getMessage();
      if (broken.isForeign) {
        refuse(all, why, "this port speaks the PROXY protocol; have the proxy send its header");
      } else {
        proxies.onRefused(why);
        endpoint.cut();
      }
    } finally {
      if (kept != null) {
        kept.release();
      }
    }
  }

  private void keep(ByteBuf all) {
    begun = loop.allocator.buffer(all.readableBytes()).writeBytes(all);
    if (loop.budget.isSpentFor(begun.capacity())) {
      endpoint.cut();
    }
  }

  /** Hands over with the bytes behind the header, which are the client's. */
  private void handOver(ProxyHeader header, ByteBuf rest) {
    loop.deadlines.cancel(this);
    InetAddress client = header.client();
    Endpoint next =
        client == null
            ? ProxiedEndpoint.unnamed(endpoint)
            : new ProxiedEndpoint(endpoint, client, header.port());
    Protocol protocol = loop.admit(endpoint, next, inside.first(next));
    endpoint.handTo(protocol);
    protocol.onOpen();
    if (rest.isReadable()) {
      endpoint.protocol().onBytes(rest);
    }
  }

  /** Refuses with a sentence, if the client may read plain text. */
  private void refuse(ByteBuf bytes, String why, String sentence) {
    proxies.onRefused(why);
    if (bytes.getByte(bytes.readerIndex()) == TLS_HANDSHAKE) {
      endpoint.cut();
    } else {
      loop.deadlines.cancel(this);
      endpoint.handTo(inside.refusal(endpoint, sentence));
    }
  }

  private String peer() {
    InetSocketAddress peer = endpoint.client();
    return peer == null ? "a Unix socket" : peer.getAddress().getHostAddress();
  }

  @Override
  public void onReadEnd() {}

  @Override
  public void onEnd() {
    endpoint.close();
  }

  @Override
  public void onWritable() {}

  @Override
  public void onClosed() {
    loop.deadlines.cancel(this);
    if (begun != null) {
      begun.release();
      begun = null;
    }
  }

  @Override
  protected void onDeadline() {
    proxies.onRefused(peer() + ": it took too long to arrive");
    endpoint.cut();
  }

  @Override
  public void close() {
    endpoint.close();
  }
}
