package doorbell.access;

import doorbell.access.AccessException.Reason;
import doorbell.event.EventId;
import org.jspecify.annotations.Nullable;

/**
 * The rules of who may set, and of which ids, for clients of one listener. A node without any has
 * none of these. Immutable; any thread.
 */
public final class Access {
  private final SetPolicy policy;
  private final @Nullable SetTokens tokens;
  private final int minIdBits;
  private final boolean takesSets;

  private Access(SetPolicy policy, @Nullable SetTokens tokens, int minIdBits, boolean takesSets) {
    this.policy = policy;
    this.tokens = tokens;
    this.minIdBits = minIdBits;
    this.takesSets = takesSets;
  }

  /**
   * Rules for sets, and for ids; null if all is open.
   *
   * @param tokens those that may set, for the policy TOKEN
   * @param minIdBits numbers below 2 to the power of this are no ids; at most 63
   */
  public static @Nullable Access of(SetPolicy policy, @Nullable SetTokens tokens, int minIdBits) {
    return policy == SetPolicy.OPEN && minIdBits == 0
        ? null
        : new Access(policy, tokens, minIdBits, true);
  }

  /** Rules for a listener where only waits are taken. */
  public static Access withoutSets(int minIdBits) {
    return new Access(SetPolicy.OPEN, null, minIdBits, false);
  }

  /** Refuses a number that may be guessed. A UUID is a number too; a sealed id never is one. */
  public void checkId(EventId id) throws AccessException {
    if (id instanceof EventId.Plain number && number.bits() <= minIdBits && minIdBits > 0) {
      throw new AccessException(
          Reason.ID,
          "an id here is at least 2^"
              + minIdBits
              + ", so that nobody guesses it; pick one at"
              + " random");
    }
  }

  /** True if a set needs a token. */
  public boolean needsToken() {
    return policy == SetPolicy.TOKEN && takesSets;
  }

  /**
   * The name that a client sets by, before its sets are looked at; null if none is needed.
   *
   * @throws AccessException if the client may not set
   */
  public @Nullable Setter setter(@Nullable Credential token) throws AccessException {
    if (!takesSets) {
      throw new AccessException(
          Reason.FORBIDDEN,
          "this address takes no sets, only waits; the application has another address");
    }
    if (policy != SetPolicy.TOKEN || tokens == null) {
      return null;
    }
    if (token == null) {
      throw new AccessException(
          Reason.NO_TOKEN,
          "a set needs a token here; POST it from a server, with Authorization: Bearer TOKEN");
    }
    Setter setter = tokens.find(token);
    if (setter == null) {
      throw new AccessException(Reason.FORBIDDEN, "the token is none of those that may set here");
    }
    return setter;
  }

  /** Checks the id of a set. */
  public void checkSet(EventId id) throws AccessException {
    checkId(id);
    if (policy == SetPolicy.SEALED && !(id instanceof EventId.Sealed)) {
      throw new AccessException(
          Reason.FORBIDDEN,
          "only sealed ids are set here; make one with 'doorbell new --sealed', and set it by its"
              + " key");
    }
  }
}
