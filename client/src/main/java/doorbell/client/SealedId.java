package doorbell.client;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An event variable that only the holder of the key can set: the id is the key's SHA-256. Hand out
 * the {@link #id}, keep the {@link #key}. A {@link Topic} derives both, so that nothing is kept.
 *
 * @param id the id that waiters are told
 * @param key 1 to 128 printable ASCII characters without spaces
 */
public record SealedId(EventId id, String key) {
  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,128}");
  private static final int KEY_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  /**
   * An id with the key.
   *
   * @throws IllegalArgumentException if the key is malformed, or isn't the id's
   */
  public SealedId {
    if (!EventId.present(id).equals(idOf(key))) {
      throw new IllegalArgumentException("The key is not that of " + id + ".");
    }
  }

  /**
   * The id that this key sets.
   *
   * @throws IllegalArgumentException if the key is malformed
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

  /** The id alone: a key has no place in a log. */
  @Override
  public String toString() {
    return "SealedId[" + id + "]";
  }

  private static boolean isKey(@Nullable String key) {
    return key != null && KEY.matcher(key).matches();
  }

  private static EventId idOf(String key) {
    if (!isKey(key)) {
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
