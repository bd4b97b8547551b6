package doorbell.store.replica;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventId;
import doorbell.event.SharedStore;
import doorbell.event.StoreException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A node's connection to a server in memory. Requests, answers and notifications are tasks for the
 * network, which runs them when it likes.
 */
final class SimulatedReplica implements Replica {
  private final SimulatedServer server;
  private final Executor network;
  private final List<Runnable> putOff = new ArrayList<>();
  private final Map<Integer, CompletableFuture<Vote>> unanswered = new LinkedHashMap<>();
  private int calls;
  private SharedStore.@Nullable Listener listener;

  /** The number of the connection; what belongs to an earlier one is lost. */
  private int connection;

  private boolean isOpen;

  /** Planted: a new connection goes on without a subscription of its own. */
  boolean forgetsToSubscribe;

  SimulatedReplica(SimulatedServer server, Executor network) {
    this.server = server;
    this.network = network;
  }

  @Override
  public CompletionStage<Void> start(SharedStore.Listener to) {
    listener = to;
    connect();
    return CompletableFuture.completedStage(null);
  }

  /** Subscribes first, and then has all looked up that was missed. */
  void connect() {
    if (!isOpen) {
      isOpen = true;
      connection++;
      if (connection == 1 || !forgetsToSubscribe) {
        server.subscribers.add(this);
        requireNonNull(listener).onGap();
      }
    }
  }

  void cut() {
    isOpen = false;
    connection++;
    server.subscribers.remove(this);
    putOff.clear();
    List<CompletableFuture<Vote>> lost = List.copyOf(unanswered.values());
    unanswered.clear();
    lost.forEach(answer -> answer.completeExceptionally(new StoreException("cut off")));
  }

  boolean isOpen() {
    return isOpen;
  }

  void publish(EventId id, long spreadMillis) {
    int sent = connection;
    network.execute(
        () -> {
          if (sent == connection) {
            requireNonNull(listener).onSet(id, spreadMillis);
          }
        });
  }

  @Override
  public CompletionStage<Vote> look(EventId id) {
    CompletableFuture<Vote> answer = new CompletableFuture<>();
    ask(answer, () -> server.look(id)).run();
    return answer;
  }

  @Override
  public CompletionStage<Vote> set(EventId id, long spreadMillis) {
    CompletableFuture<Vote> answer = new CompletableFuture<>();
    putOff.add(ask(answer, () -> server.set(id, spreadMillis)));
    return answer;
  }

  @Override
  public void flush() {
    List<Runnable> sent = List.copyOf(putOff);
    putOff.clear();
    sent.forEach(Runnable::run);
  }

  private Runnable ask(CompletableFuture<Vote> answer, Supplier<Vote> what) {
    int call = calls++;
    unanswered.put(call, answer);
    int asked = connection;
    return () -> {
      if (!isOpen) {
        unanswered.remove(call);
        answer.completeExceptionally(new StoreException("not connected"));
        return;
      }
      network.execute(() -> arrive(asked, call, what));
    };
  }

  /** A paused server, or a lost connection, leaves the caller without an answer until a cut. */
  private void arrive(int asked, int call, Supplier<Vote> what) {
    if (server.paused && asked == connection) {
      network.execute(() -> arrive(asked, call, what));
      return;
    }
    if (asked == connection) {
      Vote vote = what.get();
      network.execute(
          () -> {
            CompletableFuture<Vote> answer = unanswered.remove(call);
            if (answer != null) {
              answer.complete(vote);
            }
          });
    }
  }

  @Override
  public int queued() {
    return putOff.size();
  }

  @Override
  public String name() {
    return "simulated";
  }

  @Override
  public @Nullable String fault() {
    return isOpen ? null : "it is cut off";
  }

  @Override
  public void close() {}
}
