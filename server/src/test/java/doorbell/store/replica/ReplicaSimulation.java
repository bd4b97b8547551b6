package doorbell.store.replica;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import doorbell.event.SharedStore;
import doorbell.event.Waiter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Nodes over servers that are cut off, paused and emptied, as a seed has it. All runs on one
 * thread: the network and the timers are lists of tasks that are run in any order.
 */
final class ReplicaSimulation {
  /** What may be built wrong. */
  enum Planted {
    NOTHING,
    LOOK_BEFORE_THE_LINK,
    FORGOTTEN_SUBSCRIPTION,
    ACKNOWLEDGED_BEFORE_THE_MAJORITY,
    FILLED_FROM_TOO_FEW
  }

  private static final int NODES = 2;
  private static final int STEPS = 600;
  private static final int IDS = 12;

  /** Longer than any pause of a simulation, but for those of the sweep. */
  private static final long LONG_MILLIS = 1_000;

  private final Random random;
  private final Planted planted;
  private final List<SimulatedServer> servers;
  private final List<Node> nodes = new ArrayList<>();
  private final List<Runnable> network = new ArrayList<>();
  private final List<Runnable> timers = new ArrayList<>();
  private final List<Runnable> sweeps = new ArrayList<>();
  private final List<Client> parked = new ArrayList<>();
  private @Nullable SimulatedRepair repair;
  final History history = new History();

  ReplicaSimulation(long seed, int replicas, Planted planted) {
    this.random = new Random(seed);
    this.planted = planted;
    this.servers = Stream.generate(SimulatedServer::new).limit(replicas).toList();
    IntStream.range(0, NODES).forEach(i -> nodes.add(new Node()));
  }

  private final class Node {
    final Map<EventId, CompletionStage<Boolean>> lookedEarly = new HashMap<>();
    final List<SimulatedReplica> replicas;
    final SharedStore store;
    final EventTable table;

    Node() {
      replicas = servers.stream().map(one -> new SimulatedReplica(one, network::add)).toList();
      replicas.forEach(one -> one.forgetsToSubscribe = planted == Planted.FORGOTTEN_SUBSCRIPTION);
      Duration seldom = Duration.ofDays(30);
      store =
          planted == Planted.ACKNOWLEDGED_BEFORE_THE_MAJORITY
              ? new ReplicatedStore(List.copyOf(replicas), seldom, () -> {}, 1)
              : new ReplicatedStore(List.copyOf(replicas), seldom, () -> {});
      table = new EventTable(early(), ReplicaSimulation.this::after);
    }

    /** The store, which answers a look by one that was made earlier, if there is one. */
    private SharedStore early() {
      return (SharedStore)
          Proxy.newProxyInstance(
              SharedStore.class.getClassLoader(),
              new Class<?>[] {SharedStore.class},
              (proxy, method, args) -> {
                CompletionStage<Boolean> early =
                    method.getName().equals("lookUp") ? lookedEarly.remove(args[0]) : null;
                try {
                  return early == null ? method.invoke(store, args) : early;
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }
  }

  private final class Client extends Waiter {
    private final Node node;
    private final History.Question question;
    private boolean told;

    Client(Node node, EventId id) {
      super(id);
      this.node = node;
      this.question = history.begins(id, History.Kind.WAIT);
    }

    void link() {
      parked.add(this);
      node.table.wait(this).thenAccept(isSet -> heard(isSet));
    }

    private void heard(boolean isSet) {
      if (isSet) {
        end(true);
      }
    }

    @Override
    protected void wake() {
      end(true);
    }

    private void end(boolean isSet) {
      if (!told) {
        told = true;
        parked.remove(this);
        history.ends(question, node.table.leave(this) || isSet);
      }
    }
  }

  private void after(long millis, Runnable task) {
    (millis > LONG_MILLIS ? sweeps : timers).add(task);
  }

  /** Runs the story, and returns what broke. */
  List<String> run() {
    for (int i = 0; i < STEPS; i++) {
      step();
    }
    heal();
    settle();
    history.checkRest();
    return history.faults();
  }

  private void step() {
    Node node = nodes.get(random.nextInt(NODES));
    EventId id = new EventId.Plain(0, random.nextInt(IDS));
    switch (random.nextInt(20)) {
      case 0, 1 -> set(node, id);
      case 2, 3, 4 -> begin(node, id);
      case 5 -> ask(node, id);
      case 6 -> disturb();
      case 7 -> node.replicas.get(random.nextInt(servers.size())).connect();
      case 8 -> runOne(timers);
      case 9, 10 -> repair();
      default -> runOne(network);
    }
  }

  private void set(Node node, EventId id) {
    history.setBegins(id);
    node.table
        .set(id, random.nextBoolean() ? 0 : 500)
        .thenAccept(first -> history.setIsAnswered(id, first));
    node.table.flush();
  }

  private void begin(Node node, EventId id) {
    Client client = new Client(node, id);
    if (planted == Planted.LOOK_BEFORE_THE_LINK) {
      node.lookedEarly.put(id, node.store.lookUp(id));
      network.add(client::link);
    } else {
      client.link();
    }
  }

  private void ask(Node node, EventId id) {
    History.Question question = history.begins(id, History.Kind.ASK);
    node.table
        .isSet(id)
        .whenComplete((isSet, failure) -> history.ends(question, failure == null ? isSet : null));
  }

  private void disturb() {
    SimulatedServer server = servers.get(random.nextInt(servers.size()));
    switch (random.nextInt(6)) {
      case 0 -> server.cutAll();
      case 1 -> server.paused = true;
      case 2 -> server.paused = false;
      case 3 -> {
        if (countsWithout(server) == servers.size() - 1 && servers.size() > 1) {
          server.empty(); // A second one would take a majority's sets.
        }
      }
      default -> nodes.get(random.nextInt(NODES)).replicas.get(servers.indexOf(server)).cut();
    }
  }

  private long countsWithout(SimulatedServer server) {
    return servers.stream().filter(one -> one != server && one.isFilled()).count();
  }

  /** Goes on with filling a server that was emptied, or begins to. */
  private void repair() {
    SimulatedRepair now = repair;
    if (now == null || !now.holds()) {
      repair =
          servers.stream().filter(one -> !one.isFilled()).findAny().map(this::fill).orElse(null);
    } else if (now.step()) {
      repair = null;
    }
  }

  private SimulatedRepair fill(SimulatedServer empty) {
    List<SimulatedServer> others = new ArrayList<>(servers);
    others.remove(empty);
    Collections.shuffle(others, random);
    int enough = servers.size() / 2 + (planted == Planted.FILLED_FROM_TOO_FEW ? 0 : 1);
    return new SimulatedRepair(empty, others.subList(0, enough), random);
  }

  private void heal() {
    servers.forEach(server -> server.paused = false);
    nodes.forEach(node -> node.replicas.forEach(SimulatedReplica::connect));
  }

  /** Runs all that is due, but for the sweep. */
  private void settle() {
    while (!network.isEmpty() || !timers.isEmpty()) {
      runOne(network);
      runOne(timers);
    }
  }

  /** No notification ever arrives. */
  void mute() {
    servers.forEach(server -> server.mute = true);
  }

  /** Runs the sweep once round the table. */
  void sweep() {
    for (int i = 0; i < 3 * NODES * 64; i++) {
      runOne(sweeps);
      settle();
    }
  }

  private void runOne(List<Runnable> tasks) {
    @Nullable Runnable task = tasks.isEmpty() ? null : tasks.remove(random.nextInt(tasks.size()));
    if (task != null) {
      task.run();
    }
  }
}
