package doorbell.http;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
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
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate that clients see, and what is encrypted by it: TLS 1.2 and 1.3, HTTP/2 or 1.1 by
 * ALPN. Any thread may take a handler; {@link #reload} is for one thread at a time.
 */
final class Tls {
  private static final Logger LOG = LoggerFactory.getLogger(Tls.class);

  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----");
  private static final Map<String, String> SIGNATURES =
      Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA");

  private final HttpOptions.Certificate files;
  private final SslProvider provider;
  private volatile SslContext current;
  private List<FileTime> seen;

  /** Throws an {@link IllegalStateException} with one sentence if the files are no such pair. */
  Tls(HttpOptions.Certificate files) {
    this(files, OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK);
  }

  Tls(HttpOptions.Certificate files, SslProvider provider) {
    this.files = files;
    this.provider = provider;
    try {
      seen = times();
      current = read();
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalStateException(unusable(e), e);
    }
  }

  private String unusable(Exception why) {
    String which = why instanceof NoSuchFileException ? "no such file: " : "";
    return "can't use the certificate %s with the key %s (%s); both are PEM, the certificate with"
            .formatted(files.chain(), files.key(), which + why.getMessage())
        + " its chain, the key as PKCS#8 without a password";
  }

  private SslContext read() throws IOException, GeneralSecurityException {
    X509Certificate[] chain = chain();
    PrivateKey key = key(chain[0].getPublicKey().getAlgorithm());
    checkPair(key, chain[0].getPublicKey());
    return SslContextBuilder.forServer(key, chain)
        .sslProvider(provider)
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

  private X509Certificate[] chain() throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(files.chain())) {
      X509Certificate[] chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(in)
              .toArray(X509Certificate[]::new);
      if (chain.length == 0) {
        throw new GeneralSecurityException("there is no certificate in it");
      }
      return chain;
    }
  }

  private PrivateKey key(String algorithm) throws IOException, GeneralSecurityException {
    Matcher pem = KEY.matcher(Files.readString(files.key()));
    if (!pem.find()) {
      throw new GeneralSecurityException("there is no BEGIN PRIVATE KEY in it");
    }
    byte[] bytes = Base64.getMimeDecoder().decode(pem.group(1));
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes));
  }

  /** The libraries would notice at the first handshake only. */
  private static void checkPair(PrivateKey key, PublicKey of) throws GeneralSecurityException {
    String algorithm = SIGNATURES.getOrDefault(of.getAlgorithm(), of.getAlgorithm());
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(of.getEncoded());
    byte[] signed = signature.sign();
    signature.initVerify(of);
    signature.update(of.getEncoded());
    if (!signature.verify(signed)) {
      throw new GeneralSecurityException("the key is another certificate's");
    }
  }

  private List<FileTime> times() throws IOException {
    return List.of(
        Files.getLastModifiedTime(files.chain()), Files.getLastModifiedTime(files.key()));
  }

  /** What encrypts connections from now on. */
  SslContext current() {
    return current;
  }

  /** What encrypts one connection, and refuses one that begins without. */
  ChannelHandler handler() {
    return new OptionalSslHandler(current) {
      @Override
      protected SslHandler newSslHandler(ChannelHandlerContext context, SslContext tls) {
        SslHandler handler = super.newSslHandler(context, tls);
        handler.setHandshakeTimeoutMillis(0); // The connection has a limit for it.
        return handler;
      }

      @Override
      protected @Nullable ChannelHandler newNonSslHandler(ChannelHandlerContext context) {
        context.pipeline().get(ChannelWire.class).refusePlain();
        return null;
      }
    };
  }

  /** A session that speaks TLS on {@code wire}. */
  Session on(Node node, Loop loop, Wire wire) {
    WireChannel channel = new WireChannel(loop.events, wire);
    channel.pipeline().addLast(handler(), new ChannelWire(node, loop, channel));
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
        current = read();
        ReferenceCountUtil.release(old);
        LOG.info("took the certificate {} again", files.chain());
      }
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      LOG.warn("{}; the one before stays in use", unusable(e));
    }
  }
}
