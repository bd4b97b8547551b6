package doorbell.store.redis;

import doorbell.event.SharedStore;
import doorbell.store.replica.ReplicatedStore;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.SocketAddressResolver;
import io.netty.resolver.DefaultAddressResolverGroup;
import java.io.File;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Opens a store over one Redis, or several that know nothing of one another. */
public final class RedisStore {
  private static final int THREADS = 2;

  private RedisStore() {}

  /** A store that connects when it is listened to. */
  public static SharedStore open(RedisSettings settings) {
    System.setProperty("io.lettuce.core.iouring", "false"); // Else it warns that it has a choice.
    ScheduledExecutorService clock =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("doorbell-redis").factory());
    ClientResources resources =
        ClientResources.builder()
            .ioThreadPoolSize(THREADS)
            .computationThreadPoolSize(THREADS)
            .addressResolverGroup(DefaultAddressResolverGroup.INSTANCE) // Of addresses alone.
            // Asked where a connection begins, in a thread that may wait.
            .socketAddressResolver(SocketAddressResolver.create(InetAddress::getAllByName))
            .build();
    List<RedisClient> clients = new ArrayList<>();
    List<RedisReplica> replicas = new ArrayList<>();
    for (RedisAddress address : settings.servers()) {
      RedisClient client = client(resources, address);
      clients.add(client);
      replicas.add(new RedisReplica(client, address, settings, clock));
    }
    RedisMarks marks = new RedisMarks(replicas, settings.remember().toMillis(), clock);
    replicas.forEach(replica -> replica.onMark(marks));
    return new ReplicatedStore(
        List.copyOf(replicas),
        settings.sweep(),
        () -> {
          clock.shutdownNow();
          clock.close(); // No connection is begun from now on.
          clients.forEach(client -> client.shutdown(0, THREADS, TimeUnit.SECONDS));
          resources.shutdown(0, THREADS, TimeUnit.SECONDS).awaitUninterruptibly();
        });
  }

  /** Links end where a driver would reconnect: see {@link RedisLink}. */
  private static RedisClient client(ClientResources resources, RedisAddress address) {
    SslOptions.Builder tls = SslOptions.builder();
    RedisAddress.Tls known = address.tls();
    if (known != null && known.roots() != null) {
      File roots = new File(known.roots());
      if (!roots.canRead()) {
        throw new IllegalArgumentException("can't read the certificates in " + roots);
      }
      tls.trustManager(roots);
    }
    RedisClient client = RedisClient.create(resources);
    client.setOptions(
        ClientOptions.builder()
            .autoReconnect(false)
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .protocolVersion(ProtocolVersion.RESP2)
            .maintNotificationsConfig(MaintNotificationsConfig.disabled())
            .socketOptions(SocketOptions.builder().connectTimeout(RedisLink.TIMEOUT).build())
            .sslOptions(tls.build())
            .timeoutOptions(TimeoutOptions.enabled(RedisLink.TIMEOUT))
            .build());
    return client;
  }
}
