package doorbell.admin;

import doorbell.access.SetTokens;
import doorbell.access.Setter;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;

/** The counts of all names that set by a token; names come and go with the file. */
record SetterCounts(SetTokens tokens) implements MultiCollector {
  @Override
  public MetricSnapshots collect() {
    CounterSnapshot.Builder sets =
        CounterSnapshot.builder()
            .name("doorbell_token_sets")
            .help("Sets by the name of their token, and by what became of them");
    CounterSnapshot.Builder refusals =
        CounterSnapshot.builder()
            .name("doorbell_token_refusals")
            .help("Requests that a quota of their token's name refused");
    GaugeSnapshot.Builder remembered =
        GaugeSnapshot.builder()
            .name("doorbell_token_remembered_sets")
            .help("Sets that are remembered, by the name of their token");
    for (Setter setter : tokens.setters()) {
      Labels name = Labels.of("token", setter.name);
      sets.dataPoint(count(name.add("result", "first"), setter.first.sum()));
      sets.dataPoint(count(name.add("result", "already"), setter.already.sum()));
      sets.dataPoint(count(name.add("result", "failed"), setter.failed.sum()));
      refusals.dataPoint(count(name.add("quota", "sets-per-second"), setter.tooFast.sum()));
      refusals.dataPoint(count(name.add("quota", "sets"), setter.tooMany.sum()));
      remembered.dataPoint(
          GaugeDataPointSnapshot.builder()
              .labels(name)
              .value((double) setter.remembered())
              .build());
    }
    return MetricSnapshots.of(sets.build(), refusals.build(), remembered.build());
  }

  private static CounterDataPointSnapshot count(Labels labels, long value) {
    return CounterDataPointSnapshot.builder().labels(labels).value((double) value).build();
  }
}
