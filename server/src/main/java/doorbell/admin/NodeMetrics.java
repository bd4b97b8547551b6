package doorbell.admin;

import doorbell.count.Counter;
import doorbell.count.Histogram;
import doorbell.http.Response;
import doorbell.limit.Limit;
import doorbell.wait.LoopCounts;
import doorbell.wait.LoopCounts.Via;
import doorbell.wait.WaitLoop;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * The figures of a node, by the conventions of Prometheus. They are read from the counts of the
 * loops when they are asked for, so that counting costs a loop no more than a store into memory.
 */
final class NodeMetrics implements AutoCloseable {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private final Node node;

  NodeMetrics(Node node, Readiness readiness) {
    this.node = node;
    waits();
    sets();
    limits();
    refusals();
    store();
    gauge("doorbell.ready", "1 if the node should get requests", n -> ready(readiness));
    info();
    collections.bindTo(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
  }

  private static int ready(Readiness readiness) {
    return readiness.fault() == null ? 1 : 0;
  }

  private static int isReady(Node node, int member) {
    return node.table().members().get(member).fault() == null ? 1 : 0;
  }

  private void waits() {
    for (Via via : Via.values()) {
      Gauge.builder("doorbell.parked.waits", node, n -> sum(counts -> counts.parked(via)))
          .description("Waits that are parked now, each id counted")
          .tag("protocol", via.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
    histogram(
        "doorbell_hold_seconds",
        "The time for which ended waits over HTTP were parked",
        counts -> counts.hold);
    histogram(
        "doorbell_set_to_wake_seconds",
        "The time from a set to the answers of its waiters",
        counts -> counts.setToWake);
    counter("doorbell.wakes", "Waiters that were woken", n -> sum(counts -> counts.wakes));
    for (int status : Response.ERRORS) {
      FunctionCounter.builder(
              "doorbell.refusals", node, n -> sum(counts -> counts.refusals(status)))
          .description("Requests that were answered with an error")
          .tag("status", Integer.toString(status))
          .register(registry);
    }
  }

  private void refusals() {
    for (Limit limit : Limit.values()) {
      FunctionCounter.builder("doorbell.limit.refusals", node, n -> n.quota().refusals(limit))
          .description("Waits, sets and connections that were beyond a limit")
          .tag("limit", limit.label())
          .register(registry);
    }
  }

  private void sets() {
    sets("first", counts -> counts.firstSets);
    sets("already", counts -> counts.repeatedSets);
    sets("failed", counts -> counts.failedSets);
    if (node.tokens() != null) {
      registry.getPrometheusRegistry().register(new SetterCounts(node.tokens()));
    }
  }

  private void sets(String result, Function<LoopCounts, Counter> which) {
    FunctionCounter.builder("doorbell.sets", node, n -> sum(which))
        .description("Sets, by what became of them")
        .tag("result", result)
        .register(registry);
  }

  private void limits() {
    gauge("doorbell.parked.waits.limit", "Waits that may be parked", n -> n.quota().places());
    gauge(
        "doorbell.connections",
        "Open connections",
        n -> n.loops().stream().mapToInt(loop -> loop.io.open()).sum());
    gauge("doorbell.connections.limit", "Connections that may be open", Node::mostClients);
    counter(
        "doorbell.connections.accepted",
        "Connections since the start",
        n -> n.loops().stream().mapToLong(loop -> loop.io.opened()).sum());
    bytes("doorbell.buffered", "Memory held for clients beside waits", n -> n.budget().taken());
    bytes("doorbell.buffered.limit", "Memory that may be held so", n -> n.budget().most());
    for (int i = 0; i < node.loops().size(); i++) {
      Gauge.builder("doorbell.loop.lag", node.loops().get(i), loop -> seconds(loop.lag()))
          .description("Time by which the last regular look of a loop came late")
          .baseUnit("seconds")
          .tag("loop", Integer.toString(i))
          .register(registry);
    }
  }

  private void store() {
    Histogram times = node.table().storeTimes();
    if (times != null) {
      expose("doorbell_store_seconds", "The time of a set in the store's writer", List.of(times));
    }
    for (int i = 0; i < node.table().members().size(); i++) {
      int member = i;
      Gauge.builder("doorbell.replica.ready", node, n -> isReady(n, member))
          .description("1 if the store counts on this replica, and a bell is heard through it")
          .tag("replica", Integer.toString(i))
          .register(registry);
    }
    counter("doorbell.store.errors", "Sets that could not be stored", n -> n.table().failures());
    gauge("doorbell.store.queue", "Sets that the store has not stored", n -> n.table().queued());
  }

  private void info() {
    Labels labels =
        Labels.of(
            "version", node.about().version(),
            "store", node.about().store(),
            "transport", node.about().transport());
    InfoSnapshot info =
        InfoSnapshot.builder()
            .name("doorbell")
            .help("What this node is")
            .dataPoint(InfoSnapshot.InfoDataPointSnapshot.builder().labels(labels).build())
            .build();
    registry.getPrometheusRegistry().register(() -> info);
  }

  private long sum(Function<LoopCounts, Counter> which) {
    long sum = 0;
    for (WaitLoop loop : node.loops()) {
      sum += which.apply(loop.counts).get();
    }
    return sum;
  }

  private void counter(String name, String help, ToDoubleFunction<Node> value) {
    FunctionCounter.builder(name, node, value).description(help).register(registry);
  }

  private void gauge(String name, String help, ToDoubleFunction<Node> value) {
    Gauge.builder(name, node, value).description(help).register(registry);
  }

  private void bytes(String name, String help, ToDoubleFunction<Node> value) {
    Gauge.builder(name, node, value).description(help).baseUnit("bytes").register(registry);
  }

  private void histogram(String name, String help, Function<LoopCounts, Histogram> which) {
    expose(name, help, node.loops().stream().map(loop -> which.apply(loop.counts)).toList());
  }

  private void expose(String name, String help, List<Histogram> parts) {
    registry.getPrometheusRegistry().register(new Times(name, help, parts));
  }

  static double seconds(long nanos) {
    return nanos / (double) TimeUnit.SECONDS.toNanos(1);
  }

  /** The text for Prometheus, in a content type that {@code accept} names, or the usual one. */
  String text(String accept) {
    return registry.scrape(accept);
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
