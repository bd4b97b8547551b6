package doorbell.store.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.event.StoreException;
import doorbell.store.replica.ReplicatedStore;
import io.lettuce.core.SetArgs;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Fills a server that has lost its sets from as many others as are a majority of all. Each set that
 * was acknowledged before was at a majority, so one of these has it; each later one is at a
 * majority without this server, which counts in none meanwhile. So it may count again when all that
 * they have was copied, and no set is under way that counted this server before its loss. Where a
 * link ends, or a server loses its sets meanwhile, all begins anew. The steps follow one another,
 * on any thread.
 */
final class RedisRepair {
  /** Keys of a page, about: whoever else asks that server waits for so long. */
  private static final byte[] KEYS_OF_A_PAGE = bytes("250");

  /** Pause behind each page: so at most 50,000 sets are read a second. */
  private static final int PAUSE_MILLIS = 5;

  /** Time until no vote counts that this server gave before its loss. */
  private static final long SETTLED_MILLIS = ReplicatedStore.MOST_SET_TIME.toMillis() + 1_000;

  /** Time for which other nodes leave it to one that was heard of: longer than that. */
  static final int LEASE_MILLIS = 8_000;

  private static final String FIRST_PAGE = "0";

  /** What Redis calls the time left of a key that has no end. */
  private static final int FOR_GOOD = -1;

  /** The mark of a server that counts since it began, or was filled. */
  private static final byte[] WHOLE = bytes("0");

  private static final byte[] LEASE = bytes(Integer.toString(LEASE_MILLIS));

  private final RedisLink target;
  private final Queue<RedisLink> sources;
  private final byte[] rememberMillis;
  private final Executor clock;
  private final CompletableFuture<@Nullable Long> done = new CompletableFuture<>();

  /** The target's mark at the beginning: another one is that of another loss. */
  private byte[] mark = {};

  private long copied;

  private RedisRepair(
      RedisLink target, List<RedisLink> sources, long rememberMillis, Executor clock) {
    this.target = target;
    this.sources = new ArrayDeque<>(sources);
    this.rememberMillis = bytes(Long.toString(rememberMillis));
    this.clock = clock;
  }

  /**
   * Completes when {@code target} counts, with the number of sets that were read; with null at once
   * if another node fills it, or has. Fails if that must begin anew.
   */
  static CompletionStage<@Nullable Long> fill(
      RedisLink target, List<RedisLink> sources, long rememberMillis, Executor clock) {
    RedisRepair repair = new RedisRepair(target, sources, rememberMillis, clock);
    try {
      repair.begin();
    } catch (RuntimeException | Error e) {
      repair.done.completeExceptionally(e);
    }
    return repair.done;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(ISO_8859_1);
  }

  private <T extends @Nullable Object> void then(CompletionStage<T> step, Consumer<T> next) {
    step.whenComplete(
        (answer, failure) -> {
          try {
            if (failure != null) {
              done.completeExceptionally(failure);
            } else {
              next.accept(answer);
            }
          } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
          }
        });
  }

  private void begin() {
    SetArgs ifFree = SetArgs.Builder.nx().px(LEASE_MILLIS);
    then(
        target.redis().set(target.names().repair, bytes("1"), ifFree),
        taken -> {
          if (taken == null) {
            done.complete(null);
          } else {
            then(target.redis().get(target.names().mark), this::begin);
          }
        });
  }

  private void begin(byte @Nullable [] found) {
    if (found == null) {
      throw lost();
    }
    if (Arrays.equals(found, WHOLE)) {
      done.complete(null); // Another node was quicker.
    } else {
      mark = found;
      later(SETTLED_MILLIS, this::next);
    }
  }

  private static StoreException lost() {
    return new StoreException("a server lost its sets meanwhile");
  }

  private void next() {
    RedisLink source = sources.poll();
    if (source == null) {
      then(
          RedisScript.COUNT.run(target.redis(), keys(List.of()), mark),
          answer -> {
            if (answer[0] != RedisScript.COUNTS) {
              throw lost();
            }
            done.complete(copied);
          });
    } else {
      read(source, FIRST_PAGE);
    }
  }

  private void read(RedisLink source, String cursor) {
    RedisNames names = source.names();
    then(
        RedisScript.PAGE.run(
            source.redis(),
            new byte[][] {names.mark},
            bytes(cursor),
            names.pattern(),
            KEYS_OF_A_PAGE),
        page -> write(source, page));
  }

  /** Copies a page: behind the mark's letter the next cursor, then a line for each key. */
  private void write(RedisLink source, byte[] page) {
    if (page[0] != RedisScript.COUNTS) {
      throw lost();
    }
    String[] lines = new String(page, 1, page.length - 1, ISO_8859_1).split("\n", -1);
    List<byte[]> keys = new ArrayList<>();
    List<byte[]> arguments = new ArrayList<>(List.of(mark, LEASE));
    for (int i = 1; i < lines.length; i += 2) {
      byte[] left = leftOf(lines[i + 1]);
      if (left.length > 0 && source.names().isKey(lines[i])) {
        keys.add(bytes(lines[i]));
        arguments.add(left);
      }
    }
    copied += keys.size();
    then(
        RedisScript.FILL.run(target.redis(), keys(keys), arguments.toArray(byte[][]::new)),
        answer -> {
          if (answer.length == 1) {
            throw lost();
          }
          String cursor = lines[0];
          later(PAUSE_MILLIS, cursor.equals(FIRST_PAGE) ? this::next : () -> read(source, cursor));
        });
  }

  /** The time that a key has left; empty if it is gone. A key made by hand has no time. */
  private byte[] leftOf(String millis) {
    long left = Long.parseLong(millis);
    return left > 0 ? bytes(millis) : left == FOR_GOOD ? rememberMillis : new byte[0];
  }

  private void later(long millis, Runnable step) {
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS, clock)
        .execute(
            () -> {
              try {
                step.run();
              } catch (RuntimeException | Error e) {
                done.completeExceptionally(e);
              }
            });
  }

  private byte[][] keys(List<byte[]> ids) {
    List<byte[]> keys = new ArrayList<>(List.of(target.names().mark, target.names().repair));
    keys.addAll(ids);
    return keys.toArray(byte[][]::new);
  }
}
