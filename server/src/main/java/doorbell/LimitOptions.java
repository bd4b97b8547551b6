package doorbell;

import static doorbell.Option.between;

import doorbell.io.Endpoint;
import doorbell.io.proxy.TrustedProxies;
import doorbell.limit.AddressLimits;
import doorbell.wait.WaitLoop;
import doorbell.wait.WaitQuota;
import java.util.List;
import java.util.function.Predicate;

/**
 * The options of limits that are off by default: of the disk, and of what one address holds and
 * begins.
 */
public final class LimitOptions {
  /** Beyond this number a limit limits nothing: no address comes so often. */
  private static final int MOST_PER_SECOND = 1_000_000;

  /** A store of less has hardly room for a log and the table that it becomes. */
  private static final long LEAST_DISK = 64 << 20;

  public static final Option<Long> MAX_DISK =
      Option.of(
              "max-disk",
              OptionType.SIZE,
              "How much of the disk the store rocksdb takes, like 10g; more sets get 503. 0 is as"
                  + " long as the disk isn't nearly full.")
          .or("0")
          .that(
              new Option.Check<>() {
                @Override
                public void check(String name, Long bytes) {
                  if (bytes != 0 && bytes < LEAST_DISK) {
                    throw new IllegalArgumentException(
                        name + " is " + text() + ", not " + bytes + " bytes");
                  }
                }

                @Override
                public String text() {
                  return "0, or 64m and more";
                }
              });

  public static final Option<Integer> MAX_CONNECTIONS_PER_ADDRESS =
      Option.of(
              "max-connections-per-address",
              OptionType.NUMBER,
              "How many connections one client address may have, IPv6 by /64; more get 429."
                  + " 0 is no limit, as it must be behind a proxy that isn't one of"
                  + " --trusted-proxies.")
          .or("0")
          .that(between(0, Integer.MAX_VALUE));

  public static final Option<Integer> MAX_CONNECTIONS_PER_SECOND_PER_ADDRESS =
      perSecond(
          "max-connections-per-second-per-address",
          "How many new connections one client address may open in a second, and ten times as many"
              + " at once; more get 429. 0 is no limit.");

  public static final Option<Integer> MAX_WAITS_PER_ADDRESS =
      Option.of(
              "max-waits-per-address",
              OptionType.NUMBER,
              "How many of them one client address may park, IPv6 by /64; more get 429. 0 is no"
                  + " limit, as it must be behind a proxy that isn't one of --trusted-proxies.")
          .or("0")
          .that(between(0, Integer.MAX_VALUE));

  public static final Option<Integer> MAX_WAITS_PER_SECOND_PER_ADDRESS =
      perSecond(
          "max-waits-per-second-per-address",
          "How many waits one client address may begin, each id of them counted, in a second, and"
              + " ten times as many at once; more get 429. 0 is no limit.");

  public static final Option<Integer> MAX_SETS_PER_SECOND_PER_ADDRESS =
      perSecond(
          "max-sets-per-second-per-address",
          "How many sets one client address may make, each id of many counted, in a second, and ten"
              + " times as many at once; more get 429. 0 is no limit.");

  private static final List<Option<Integer>> OF_ADDRESS =
      List.of(
          MAX_CONNECTIONS_PER_ADDRESS,
          MAX_CONNECTIONS_PER_SECOND_PER_ADDRESS,
          MAX_WAITS_PER_ADDRESS,
          MAX_WAITS_PER_SECOND_PER_ADDRESS,
          MAX_SETS_PER_SECOND_PER_ADDRESS);

  private LimitOptions() {}

  private static Option<Integer> perSecond(String name, String help) {
    return Option.of(name, OptionType.NUMBER, help).or("0").that(between(0, MOST_PER_SECOND));
  }

  /** A loop, since a lambda would be linked at each start. */
  private static boolean areOff(Options options) {
    for (Option<Integer> option : OF_ADDRESS) {
      if (options.get(option) > 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Has the loops of a node limit addresses as {@code options} say; nothing is made or loaded
   * before an option asks for a limit.
   */
  static void limit(List<WaitLoop> loops, Options options) {
    WaitQuota quota = loops.getFirst().quota;
    AddressLimits limits = quota.byAddress();
    if (limits == null && areOff(options)) {
      return;
    }
    TrustedProxies trusted = options.get(ProxyOptions.TRUSTED_PROXIES).orElse(null);
    Predicate<Endpoint> speakers = trusted == null ? null : trusted::trusts;
    loops.forEach(loop -> loop.io.exempt(speakers));
    long now = loops.getFirst().io.events.ticker().nanoTime();
    if (limits == null) {
      AddressLimits made = new AddressLimits(most(options), now);
      quota.limit(made);
      loops.forEach(loop -> loop.io.limit(made));
    } else {
      limits.take(most(options), now);
    }
  }

  private static AddressLimits.Most most(Options options) {
    return new AddressLimits.Most(
        options.get(MAX_CONNECTIONS_PER_ADDRESS),
        options.get(MAX_CONNECTIONS_PER_SECOND_PER_ADDRESS),
        options.get(MAX_WAITS_PER_ADDRESS),
        options.get(MAX_WAITS_PER_SECOND_PER_ADDRESS),
        options.get(MAX_SETS_PER_SECOND_PER_ADDRESS));
  }
}
