package doorbell.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.SecretKey;

/**
 * A topic of an application, with versions: a room, a document, a row. Each version has a sealed
 * event. All holders of the secret derive the same event (spec/protocol.md, P75), so the
 * application keeps neither ids nor keys. Immutable and thread-safe.
 *
 * <pre>{@code
 * Topic room = bell.topic("room 5");
 * EventId changed = room.at(7).id(); // handed out with version 7
 * bell.set(room.at(7));              // once version 8 is committed
 * }</pre>
 */
public final class Topic {
  static final String ALGORITHM = "HmacSHA256";

  private final SecretKey secret;
  private final String name;

  Topic(SecretKey secret, String name) {
    this.secret = secret;
    this.name = name;
  }

  /**
   * The event that is set when that version is no longer the newest.
   *
   * @param version 0 or more
   * @throws IllegalArgumentException if the version is negative
   */
  public SealedId at(long version) {
    return at(BigInteger.valueOf(version));
  }

  /** As {@link #at(long)}, for versions of any size. */
  public SealedId at(BigInteger version) {
    if (version.signum() < 0) {
      throw new IllegalArgumentException("A version is 0 or more, not " + version + ".");
    }
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(secret);
      byte[] key = mac.doFinal((name + "\n" + version).getBytes(UTF_8));
      return SealedId.ofKey(HexFormat.of().formatHex(key));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every JDK has HmacSHA256.", e);
    }
  }
}
