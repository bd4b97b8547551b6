package doorbell.admin;

import doorbell.count.Histogram;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import java.util.List;

/** Histograms of several threads as one histogram of Prometheus, in seconds. */
record Times(String name, String help, List<Histogram> parts) implements Collector {
  @Override
  public HistogramSnapshot collect() {
    Histogram model = parts.getFirst();
    ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
    for (int i = 0; i <= model.buckets(); i++) {
      int bucket = i;
      boolean last = i == model.buckets();
      double bound = last ? Double.POSITIVE_INFINITY : NodeMetrics.seconds(model.bound(i));
      buckets.bucket(bound, parts.stream().mapToLong(part -> part.count(bucket)).sum());
    }
    long sum = parts.stream().mapToLong(Histogram::sum).sum();
    return HistogramSnapshot.builder()
        .name(name)
        .help(help)
        .dataPoint(
            HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(buckets.build())
                .sum(NodeMetrics.seconds(sum))
                .build())
        .build();
  }
}
