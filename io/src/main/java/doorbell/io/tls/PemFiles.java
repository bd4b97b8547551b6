package doorbell.io.tls;

import java.nio.file.Path;

/**
 * PEM files, which are read again after a change.
 *
 * @param chain the certificate, and the certificates that lead to a root
 * @param key the certificate's private key, without a password
 */
public record PemFiles(Path chain, Path key) {}
