package doorbell.io.tls;

import java.nio.file.Path;

/**
 * Files in PEM, which are taken again when they change.
 *
 * @param chain the certificate, and those that lead to a root
 * @param key its private key, without a password
 */
public record PemFiles(Path chain, Path key) {}
