package doorbell;

import doorbell.http.HttpOptions;
import doorbell.io.tls.PemFiles;
import doorbell.io.tls.Tls;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolNames;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a port has of TLS, as its options say. */
final class TlsOptions {
  private TlsOptions() {}

  /**
   * The certificate for clients over TLS; null for a port without TLS.
   *
   * @throws IllegalArgumentException if the options don't go together
   */
  static @Nullable PemFiles certificate(Options options) {
    Path chain = options.find(Options.TLS_CERT);
    Path key = options.find(Options.TLS_KEY);
    if ((chain == null) != (key == null)) {
      throw new IllegalArgumentException(
          "--tls-cert and --tls-key go together: give both, or none");
    }
    return chain == null || key == null ? null : new PemFiles(chain, key);
  }

  static Tls.Settings settings(HttpOptions options, PemFiles certificate) {
    return new Tls.Settings(
        certificate,
        List.of(ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1),
        Http2SecurityUtil.CIPHERS,
        options.headTimeout().toMillis());
  }
}
