package doorbell.access;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A token as this process keeps it: the hash alone. Immutable. */
public final class Credential {
  private static final String SCHEME = "bearer ";

  private final byte[] hash;

  private Credential(byte[] hash) {
    this.hash = hash;
  }

  static Credential ofToken(String token) {
    try {
      return new Credential(
          MessageDigest.getInstance("SHA-256").digest(token.getBytes(ISO_8859_1)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /**
   * The token of the fields {@code Authorization} of a request (RFC 6750, 2.1); null if there is no
   * token, or more than one field.
   */
  public static @Nullable Credential of(List<String> authorization) {
    if (authorization.size() != 1) {
      return null;
    }
    String field = authorization.get(0).strip();
    boolean isBearer = field.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    String token = isBearer ? field.substring(SCHEME.length()).strip() : "";
    return token.isEmpty() ? null : ofToken(token);
  }

  /** Compares in a time that tells nothing of the tokens. */
  boolean isSame(Credential other) {
    return MessageDigest.isEqual(hash, other.hash);
  }
}
