package doorbell.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * An event variable that only the holder of the key can set: the id is the key's SHA-256. Hand out
 * the {@link #id}, keep the {@link #key}.
 *
 * @param id what waiters are told
 * @param key 1 to 128 printable ASCII characters without spaces
 */
public record SealedId(EventId id, String key) {
  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,128}");
  private static final int KEY_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  /**
   * An id with its key.
   *
   * @throws IllegalArgumentException where the key is malformed, or isn't the id's
   */
  public SealedId {
    if (!id.equals(idOf(key))) {
      throw new IllegalArgumentException("The key is not that of " + id + ".");
    }
  }

  /**
   * The id that this key sets.
   *
   * @throws IllegalArgumentException where the key is malformed
   */
  public static SealedId ofKey(String key) {
    return new SealedId(idOf(key), key);
  }

  /** A fresh id with a key of 256 random bits. */
  public static SealedId random() {
    byte[] key = new byte[KEY_BYTES];
    RANDOM.nextBytes(key);
    return ofKey(HexFormat.of().formatHex(key));
  }

  /**
   * The id of a topic's version: whoever knows the secret finds the same one, so no table of
   * waiters is needed.
   *
   * @param secret the application's own, not empty
   * @param version 0 or more
   * @throws IllegalArgumentException where the secret is empty or the version negative
   */
  public static SealedId derive(String secret, String topic, long version) {
    return derive(secret, topic, BigInteger.valueOf(version));
  }

  /** As {@link #derive(String, String, long)}, for versions of any size. */
  public static SealedId derive(String secret, String topic, BigInteger version) {
    if (secret.isEmpty() || version.signum() < 0) {
      throw new IllegalArgumentException("A secret is not empty, and a version is 0 or more.");
    }
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
      byte[] key = mac.doFinal((topic + "\n" + version).getBytes(UTF_8));
      return ofKey(HexFormat.of().formatHex(key));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every JDK has HmacSHA256.", e);
    }
  }

  /** The id alone: a key has no place in a log. */
  @Override
  public String toString() {
    return "SealedId[" + id + "]";
  }

  private static EventId idOf(String key) {
    if (!KEY.matcher(key).matches()) {
      throw new IllegalArgumentException(
          "A key is 1 to 128 printable ASCII characters without spaces.");
    }
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getBytes(US_ASCII));
      return EventId.of(HexFormat.of().formatHex(hash));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every JDK has SHA-256.", e);
    }
  }
}
