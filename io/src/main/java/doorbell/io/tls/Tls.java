package doorbell.io.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.count.Seldom;
import doorbell.io.Endpoint;
import doorbell.io.IoLoop;
import doorbell.io.Protocol;
import doorbell.io.ProtocolFactory;
import doorbell.io.netty.EndpointChannel;
import doorbell.limit.QuotaException;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OptionalSslHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.2 and 1.3 for clients, with HTTP/2 or 1.1 by ALPN, and the certificate that clients see.
 * Any thread may take a handler, and {@link #reload} the certificate.
 */
public final class Tls {
  private static final Logger LOG = LoggerFactory.getLogger(Tls.class);

  /** Memory of a connection's TLS, in bytes, most of it outside of the heap. */
  private static final int BYTES = 24_576;

  /** Limit of a file: a chain and a key have some kilobytes, so a larger file is something else. */
  private static final int MOST_BYTES = 1 << 20;

  /** Lock of the file reading, which may take for ever. */
  private final ReentrantLock reading = new ReentrantLock();

  private final Settings settings;
  private final PemFiles files;
  private final List<SslProvider> providers;
  private Contents taken;

  /** Reason that the files can't be taken now, as logged; null if the files can be taken. */
  private @Nullable String told;

  private SslContext current;

  private final AtomicLong failures = new AtomicLong();
  private final Seldom tells = new Seldom();

  /**
   * Settings that connections with clients follow.
   *
   * @param files the certificate and its key
   * @param protocols the names that ALPN offers, the preferred name first
   * @param ciphers the ciphers of TLS 1.2, as those protocols want them
   * @param handshakeMillis the limit of a handshake
   */
  public record Settings(
      PemFiles files, List<String> protocols, List<String> ciphers, long handshakeMillis) {}

  /** Contents of the files: file times say nothing of rights, and little of contents. */
  private record Contents(String chain, String key) {
    boolean isSame(Contents other) {
      return chain.equals(other.chain) && key.equals(other.key);
    }
  }

  /** Throws an {@link IllegalStateException} with one sentence if the files are no such pair. */
  public Tls(Settings settings) {
    this(
        settings,
        OpenSsl.isAvailable()
            ? List.of(SslProvider.OPENSSL_REFCNT, SslProvider.JDK)
            : List.of(SslProvider.JDK));
  }

  /** Takes the first of {@code providers} that can serve with such a certificate. */
  Tls(Settings settings, List<SslProvider> providers) {
    this.settings = settings;
    this.files = settings.files;
    this.providers = providers;
    try {
      taken = contents();
      current = made(taken);
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw new IllegalStateException(unusable(e), e);
    }
  }

  private String unusable(Throwable why) {
    String which =
        switch (why) {
          case NoSuchFileException _ -> "no such file: ";
          case AccessDeniedException _ -> "permission denied: ";
          default -> "";
        };
    return "can't use the certificate %s with the key %s (%s); both are PEM, the certificate with"
            .formatted(files.chain(), files.key(), which + why.getMessage())
        + " its chain, the key without a password";
  }

  private Contents contents() throws IOException {
    return new Contents(text(files.chain()), text(files.key()));
  }

  private static String text(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new IOException("more than a megabyte: " + file);
      }
      return new String(bytes, ISO_8859_1);
    }
  }

  /** Refuses pipes and devices, since reading may take for ever, or fill the heap. */
  private void refusePipes() throws IOException {
    for (Path file : List.of(files.chain(), files.key())) {
      if (Files.readAttributes(file, BasicFileAttributes.class).isOther()) {
        throw new IOException("a pipe or a device can't be read again: " + file);
      }
    }
  }

  private SslContext made(Contents contents) throws IOException, GeneralSecurityException {
    KeyPair pair = KeyPair.read(files, contents.chain, contents.key);
    Exception why = null;
    for (SslProvider provider : providers) {
      try {
        return tried(context(pair, provider));
      } catch (IOException | RuntimeException e) {
        why = e;
      }
    }
    throw KeyPair.ofNoUse(pair.key().getAlgorithm(), why);
  }

  private SslContext context(KeyPair pair, SslProvider provider) throws IOException {
    return SslContextBuilder.forServer(pair.key(), pair.chain())
        .sslProvider(provider)
        .protocols("TLSv1.3", "TLSv1.2")
        .ciphers(settings.ciphers, SupportedCipherSuiteFilter.INSTANCE)
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                ApplicationProtocolConfig.Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT,
                settings.protocols))
        .build();
  }

  /** Tries a handshake: some kinds of keys are taken, and fail at each handshake. */
  private static SslContext tried(SslContext context) throws IOException {
    try {
      Handshake.with(context);
      return context;
    } catch (IOException | RuntimeException e) {
      ReferenceCountUtil.release(context);
      throw e;
    }
  }

  /** The context that encrypts new connections. */
  synchronized SslContext current() {
    return current;
  }

  /** Encrypts a connection, and refuses a connection that begins without TLS. */
  private ChannelHandler handler(TlsEndpoint endpoint) {
    return new OptionalSslHandler(current()) {
      @Override
      protected SslHandler newSslHandler(ChannelHandlerContext context, SslContext old) {
        SslHandler handler = Tls.this.newHandler(context.alloc());
        handler.setHandshakeTimeoutMillis(0); // TlsEndpoint has a deadline for it.
        handler.handshakeFuture().addListener(done -> noteEnd(done.cause()));
        return handler;
      }

      @Override
      protected @Nullable ChannelHandler newNonSslHandler(ChannelHandlerContext context) {
        endpoint.refusePlain();
        return null;
      }
    };
  }

  /** Uses the present certificate: the certificate of the connect time may be released already. */
  private synchronized SslHandler newHandler(ByteBufAllocator allocator) {
    return current.newHandler(allocator);
  }

  private void noteEnd(@Nullable Throwable failure) {
    if (failure == null) {
      return;
    }
    long failed = failures.incrementAndGet();
    if (tells.isDue()) {
      // Netty shows all bytes that are no TLS, and an id or a key may be among them.
      String why = failure instanceof NotSslRecordException ? "it was no TLS" : "" + failure;
      LOG.warn("{} TLS handshakes failed since the start, the last one: {}", failed, why);
    }
  }

  /** Number of failed handshakes. */
  long failures() {
    return failures.get();
  }

  /** Makes protocols that speak TLS, and inside of TLS the protocols of {@code inside}. */
  public ProtocolFactory around(IoLoop loop, ProtocolFactory inside) {
    return new ProtocolFactory() {
      @Override
      public Protocol first(Endpoint endpoint) {
        return encrypted(loop, endpoint, inside);
      }

      @Override
      public Protocol refusal(Endpoint endpoint, String why) {
        return inside.refusal(endpoint, why);
      }

      @Override
      public Protocol refusal(Endpoint endpoint, QuotaException why) {
        return why.closesAtOnce
            ? new TlsAlert(endpoint)
            : encrypted(loop, endpoint, new Refusing(inside, why));
      }
    };
  }

  private Protocol encrypted(IoLoop loop, Endpoint endpoint, ProtocolFactory inside) {
    EndpointChannel channel = new EndpointChannel(loop, endpoint, BYTES);
    TlsEndpoint encrypted = new TlsEndpoint(loop, channel, inside, settings.handshakeMillis);
    channel.pipeline().addLast(handler(encrypted), encrypted);
    return channel;
  }

  /** Makes the protocols of clients that are refused inside of TLS, where they can read why. */
  private record Refusing(ProtocolFactory inside, QuotaException why) implements ProtocolFactory {
    @Override
    public Protocol first(Endpoint endpoint) {
      return inside.refusal(endpoint, why);
    }

    @Override
    public Protocol refusal(Endpoint endpoint, String other) {
      return inside.refusal(endpoint, other);
    }

    @Override
    public Protocol refusal(Endpoint endpoint, QuotaException other) {
      return inside.refusal(endpoint, other);
    }
  }

  /**
   * Takes changed files, for clients that come from now on. If the files can't be read or are no
   * pair (one may be written before the other), the old pair stays, the log says so once, and each
   * call tries again. Reads files, so no loop may call. A call while another thread reads does
   * nothing.
   */
  public void reload() {
    if (!reading.tryLock()) {
      return;
    }
    try {
      refusePipes();
      Contents now = contents();
      boolean changed = !now.isSame(taken);
      if (changed) {
        replace(made(now));
        taken = now;
      }
      if (changed || told != null) {
        LOG.info("took the certificate {} again", files.chain());
        told = null;
      }
    } catch (Throwable e) { // An exception would end the reloading.
      String why = unusable(e);
      if (!why.equals(told)) {
        LOG.warn("{}; the one before stays in use", why);
        told = why;
      }
    } finally {
      reading.unlock();
    }
  }

  private synchronized void replace(SslContext by) {
    ReferenceCountUtil.release(current);
    current = by;
  }
}
