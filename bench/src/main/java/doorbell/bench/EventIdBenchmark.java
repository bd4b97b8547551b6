package doorbell.bench;

import doorbell.event.EventId;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What it costs to read an id as it stands in a URL, in each of its forms. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EventIdBenchmark {
  @Param({
    "22482",
    "340282366920938463463374607431768211455",
    "550e8400-e29b-41d4-a716-446655440000",
    "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"
  })
  private String text = "";

  @Benchmark
  public EventId parse() {
    return EventId.parse(text);
  }
}
