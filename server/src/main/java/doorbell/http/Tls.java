package doorbell.http;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate that clients see, and what is encrypted by it: TLS 1.2 and 1.3, HTTP/2 or 1.1 by
 * ALPN. Any thread may take a handler; {@link #reload} is for one thread at a time.
 */
final class Tls {
  private static final Logger LOG = LoggerFactory.getLogger(Tls.class);

  private final HttpOptions.Certificate files;
  private volatile SslContext current;
  private List<FileTime> seen;

  /** Throws an {@link IllegalStateException} with one sentence if the files are no such pair. */
  Tls(HttpOptions.Certificate files) {
    this.files = files;
    try {
      seen = times();
      current = context();
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalStateException(unusable(), e);
    }
  }

  private String unusable() {
    return "can't use the certificate %s with the key %s; both are PEM files, the certificate's"
            .formatted(files.chain(), files.key())
        + " with its chain, the key's without a password";
  }

  private SslContext context() throws IOException {
    return SslContextBuilder.forServer(files.chain().toFile(), files.key().toFile())
        .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK)
        .protocols("TLSv1.3", "TLSv1.2")
        .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT,
                ApplicationProtocolNames.HTTP_2,
                ApplicationProtocolNames.HTTP_1_1))
        .build();
  }

  private List<FileTime> times() throws IOException {
    return List.of(time(files.chain()), time(files.key()));
  }

  private static FileTime time(Path file) throws IOException {
    return Files.getLastModifiedTime(file);
  }

  /** What encrypts one connection. */
  SslHandler handler(ByteBufAllocator allocator) {
    return current.newHandler(allocator);
  }

  /** A session that speaks TLS on {@code wire}. */
  Session on(Connection.Node node, Loop loop, Wire wire) {
    WireChannel channel = new WireChannel(loop.events, wire);
    channel.pipeline().addLast(handler(channel.alloc()), new ChannelWire(node, loop, channel));
    return channel;
  }

  /**
   * Takes the files again if they have changed: for clients that come from now on. If they are no
   * pair (one may be written before the other), the old ones stay, and the next change is tried.
   */
  void reload() {
    try {
      List<FileTime> now = times();
      if (!now.equals(seen)) {
        seen = now;
        SslContext old = current;
        current = context();
        ReferenceCountUtil.release(old);
        LOG.info("took the certificate {} again", files.chain());
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("{}; the one before stays in use", unusable(), e);
    }
  }
}
