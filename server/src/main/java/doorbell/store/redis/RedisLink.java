package doorbell.store.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.event.EventId;
import doorbell.event.StoreException;
import doorbell.store.replica.Batches;
import doorbell.store.replica.Batches.Call;
import doorbell.store.replica.Link;
import doorbell.store.replica.Replica.Vote;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Two connections to a Redis: one for commands, one that hears of sets. When either ends, both do,
 * and the link is not used again: the next one subscribes anew, and nothing is left to a driver
 * that reconnects by itself. Any thread.
 */
final class RedisLink implements Link {
  /** Time within which each command, and the making of a connection, is answered or fails. */
  static final Duration TIMEOUT = Duration.ofSeconds(2);

  /** Tries to connect where the driver doesn't know why one failed. */
  private static final int TRIES = 4;

  /** Batches of each kind on their way at a time. */
  private static final int BATCHES = 4;

  /** Time for which the key of a bell stays. */
  private static final long BELL_MILLIS = 10_000;

  private final StatefulRedisConnection<byte[], byte[]> commands;
  private final StatefulRedisPubSubConnection<byte[], byte[]> hearing;
  private final RedisNames names;
  private final Batches sets;
  private final Batches looks;

  private final AtomicBoolean closing = new AtomicBoolean();
  private volatile boolean ended;

  private RedisLink(
      StatefulRedisConnection<byte[], byte[]> commands,
      StatefulRedisPubSubConnection<byte[], byte[]> hearing,
      RedisNames names,
      long rememberMillis) {
    this.commands = commands;
    this.hearing = hearing;
    this.names = names;
    this.sets =
        new Batches(
            BATCHES, calls -> set(calls, rememberMillis).thenApply(answer -> votes(answer, false)));
    this.looks =
        new Batches(BATCHES, calls -> look(calls).thenApply(answer -> votes(answer, true)));
  }

  /** Connects both, and subscribes: complete when each set from now on is heard. */
  static CompletionStage<RedisLink> open(
      RedisClient client, RedisAddress at, RedisSettings settings, Owner owner) {
    RedisURI url = url(at);
    RedisNames names = new RedisNames(settings.prefix(), at.database());
    long rememberMillis = settings.remember().toMillis();
    return connect(() -> client.connectAsync(ByteArrayCodec.INSTANCE, url), TRIES)
        .thenCompose(
            commands ->
                connect(() -> client.connectPubSubAsync(ByteArrayCodec.INSTANCE, url), TRIES)
                    .thenApply(hearing -> new RedisLink(commands, hearing, names, rememberMillis))
                    .whenComplete(
                        (link, failure) -> {
                          if (failure != null) {
                            commands.closeAsync();
                          }
                        }))
        .thenCompose(link -> link.subscribe(owner));
  }

  /**
   * Connects; again, where the driver doesn't know why that failed: a server's error may come
   * before the driver looks for it.
   */
  private static <C> CompletableFuture<C> connect(
      Supplier<? extends CompletionStage<C>> driver, int tries) {
    return CompletableFuture.completedFuture(driver)
        .thenComposeAsync(Supplier::get, RedisLink::inItsOwnThread)
        .exceptionallyCompose(
            failure ->
                tries > 1 && isUnknown(failure)
                    ? connect(driver, tries - 1)
                    : CompletableFuture.failedFuture(failure));
  }

  private static boolean isUnknown(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root instanceof IllegalStateException;
  }

  /** For the look-up of a host, which blocks: Lettuce's own threads serve all servers. */
  private static void inItsOwnThread(Runnable task) {
    Thread.ofPlatform().daemon().name("doorbell-resolve").start(task);
  }

  private static RedisURI url(RedisAddress at) {
    RedisURI.Builder url = RedisURI.builder().withDatabase(at.database()).withTimeout(TIMEOUT);
    RedisAddress.Watch watch = at.watch();
    if (watch == null) {
      url.withHost(at.host()).withPort(at.port()).withSsl(at.tls() != null);
    } else {
      url.withSentinelMasterId(watch.master());
      watch.sentinels().forEach(one -> url.withSentinel(sentinel(one, watch.password())));
    }
    String password = at.password();
    String user = at.user();
    if (password != null && user != null) {
      url.withAuthentication(user, password.toCharArray());
    } else if (password != null) {
      url.withPassword(password.toCharArray());
    }
    return url.build();
  }

  private static RedisURI sentinel(RedisAddress.HostPort at, @Nullable String password) {
    RedisURI.Builder url =
        RedisURI.builder().withHost(at.host()).withPort(at.port()).withTimeout(TIMEOUT);
    if (password != null) {
      url.withPassword(password.toCharArray());
    }
    return url.build();
  }

  private CompletionStage<RedisLink> subscribe(Owner owner) {
    CompletableFuture<Void> all = new CompletableFuture<>();
    hearing.addListener(
        new RedisPubSubAdapter<byte[], byte[]>() {
          @Override
          public void subscribed(byte[] channel, long count) {
            if (count == RedisNames.CHANNELS) {
              all.complete(null);
            }
          }

          @Override
          public void message(byte[] channel, byte[] message) {
            RedisNames.read(message, owner::onSet);
          }
        });
    endWithEither(owner);
    // The driver calls this done with the first channel's answer.
    return hearing
        .async()
        .subscribe(names.channels())
        .thenCompose(first -> all)
        .toCompletableFuture()
        .orTimeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
        .thenApply(subscribed -> this)
        .whenComplete(
            (link, failure) -> {
              if (failure != null) {
                close();
              }
            });
  }

  private void endWithEither(Owner owner) {
    RedisConnectionStateListener ends =
        new RedisConnectionStateListener() {
          @Override
          public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
            ended = true;
            owner.onEnd(RedisLink.this, null);
          }
        };
    hearing.addListener(ends);
    commands.addListener(ends);
  }

  RedisAsyncCommands<byte[], byte[]> redis() {
    return commands.async();
  }

  RedisNames names() {
    return names;
  }

  private CompletionStage<byte[]> look(List<Call> calls) {
    return RedisScript.LOOK.run(redis(), keys(calls));
  }

  private CompletionStage<byte[]> set(List<Call> calls, long millis) {
    int[] bytes = new int[RedisNames.CHANNELS];
    for (Call call : calls) {
      bytes[RedisNames.channelOf(call.id)] += RedisNames.bytes(call.id);
    }
    ByteBuffer[] told = new ByteBuffer[RedisNames.CHANNELS];
    for (Call call : calls) {
      int channel = RedisNames.channelOf(call.id);
      if (told[channel] == null) {
        told[channel] = RedisNames.notification(bytes[channel]);
      }
      RedisNames.put(told[channel], call.id, call.spreadMillis);
    }
    List<byte[]> arguments = new ArrayList<>();
    arguments.add(Long.toString(millis).getBytes(ISO_8859_1));
    for (int i = 0; i < told.length; i++) {
      if (told[i] != null) {
        arguments.add(names.channels()[i]);
        arguments.add(told[i].array());
      }
    }
    return RedisScript.SET.run(redis(), keys(calls), arguments.toArray(byte[][]::new));
  }

  /** What a script's answer says of each id. */
  private static List<@Nullable Vote> votes(byte[] answer, boolean isLook) {
    List<@Nullable Vote> votes = new ArrayList<>();
    boolean counts = answer[0] == RedisScript.COUNTS;
    for (int i = 1; i < answer.length; i++) {
      boolean yes = answer[i] == '1';
      Vote vote = yes ? Vote.YES : Vote.NO;
      votes.add(counts || (isLook && yes) ? vote : Vote.UNFILLED);
    }
    return votes;
  }

  private byte[][] keys(List<Call> calls) {
    byte[][] keys = new byte[calls.size() + 1][];
    keys[0] = names.mark;
    for (int i = 0; i < calls.size(); i++) {
      keys[i + 1] = names.key(calls.get(i).id);
    }
    return keys;
  }

  /** Sets a new id for a short time, which is heard by whoever hears; completes with the mark. */
  CompletionStage<Character> ring(EventId id) {
    return set(List.of(new Call(id, 0)), BELL_MILLIS).thenApply(answer -> (char) answer[0]);
  }

  /** Makes the mark, if it is missing: the server counts after {@code millis}, 0 is at once. */
  CompletionStage<Character> mark(long millis) {
    byte[] after = Long.toString(millis).getBytes(ISO_8859_1);
    return RedisScript.MARK
        .run(redis(), new byte[][] {names.mark}, after)
        .thenApply(answer -> (char) answer[0]);
  }

  @Override
  public Batches sets() {
    return sets;
  }

  @Override
  public Batches looks() {
    return looks;
  }

  @Override
  public boolean hasEnded() {
    return ended;
  }

  @Override
  public CompletableFuture<Void> close() {
    StoreException end = new StoreException("the connection to this Redis has ended");
    sets.end(end);
    looks.end(end);
    if (closing.getAndSet(true)) {
      return CompletableFuture.completedFuture(null);
    }
    return CompletableFuture.allOf(commands.closeAsync(), hearing.closeAsync());
  }
}
