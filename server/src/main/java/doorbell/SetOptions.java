package doorbell;

import static doorbell.Option.between;

import doorbell.access.Access;
import doorbell.access.SetPolicy;
import doorbell.access.SetTokens;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows of the table in {@link Options}: who may set, where, and which ids. */
public final class SetOptions {
  /** One random number of 2^32 is refused at this bound, and the next one would be noticed. */
  private static final int MOST_ID_BITS = 96;

  public static final Option<SetPolicy> POLICY =
      Option.of(
              "set-policy",
              OptionType.choice("open|sealed|token", SetPolicy.values()),
              "Who may set. open: whoever knows the id; sealed: whoever has the key of a sealed id,"
                  + " other ids are not set; token: whoever has a token of --set-token-file."
                  + " Waiting is free.")
          .or("open");

  public static final Option<Path> TOKEN_FILE =
      Option.of(
          "set-token-file",
          OptionType.FILE,
          "The tokens that may set, a line for each: NAME TOKEN, and behind them sets-per-second=N"
              + " and sets=N if the name has quotas. Only the node may read it. It is taken again"
              + " when it changes.");

  public static final Option<List<SocketAddress>> LISTEN =
      Option.of(
          "set-listen",
          OptionType.ADDRESSES,
          "Where to listen for sets, as for --listen: sets are taken there alone, and waits"
              + " everywhere.");

  public static final Option<Integer> MIN_ID_BITS =
      Option.of(
              "min-id-bits",
              OptionType.NUMBER,
              "Numbers below 2^N are no ids, since they can be guessed; neither are UUIDs of such a"
                  + " value. Sealed ids are never that small.")
          .or("0")
          .that(between(0, MOST_ID_BITS));

  private SetOptions() {}

  /**
   * The tokens that may set; null if none is needed.
   *
   * @throws IllegalArgumentException if the options don't go together
   * @throws IllegalStateException if the file can't be used
   */
  static @Nullable SetTokens tokens(Options options) {
    Path file = options.find(TOKEN_FILE);
    boolean needed = options.get(POLICY) == SetPolicy.TOKEN;
    if (needed != (file != null)) {
      throw new IllegalArgumentException(
          "--set-policy token and --set-token-file go together: give both, or none");
    }
    return file == null ? null : new SetTokens(file, options.get(Options.REMEMBER));
  }

  /** Rules for the listeners that take sets; null if all is open. */
  static @Nullable Access access(Options options, @Nullable SetTokens tokens) {
    SetPolicy policy = options.get(POLICY);
    int bits = options.get(MIN_ID_BITS);
    return policy == SetPolicy.OPEN && bits == 0 ? null : Access.of(policy, tokens, bits);
  }
}
