package doorbell.bench;

import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.openjdk.jcstress.JCStress;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.collectors.DiskReadCollector;
import org.openjdk.jcstress.infra.collectors.InProcessCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;

/**
 * Has jcstress run the races, with the build's options; then each race is a test. The counts of
 * each outcome are in target/jcstress: log.txt and results/index.html.
 */
final class RacesTest {
  @TestFactory
  Stream<DynamicTest> noRaceShowsWhatIsForbidden() throws Exception {
    Options options = new Options(System.getProperty("jcstress.options", "").strip().split("\\s+"));
    PrintStream console = System.out;
    Collection<String> races;
    try (PrintStream log = new PrintStream(Files.newOutputStream(Path.of("log.txt")))) {
      System.setOut(log);
      races = run(options, log);
    } finally {
      System.setOut(console);
    }
    var results = results(options).stream().collect(groupingBy(TestResult::getName));
    return races.stream()
        .map(race -> dynamicTest(race, () -> judge(race, results.getOrDefault(race, List.of()))));
  }

  private static Collection<String> run(Options options, PrintStream log) throws Exception {
    assertThat(options.parse()).as("jcstress takes the options").isTrue();
    JCStress jcstress = new JCStress(options);
    try {
      jcstress.run();
    } catch (AssertionError failures) {
      log.println(failures.getMessage());
    }
    assertThat(jcstress.getTests()).as("races that the options choose").isNotEmpty();
    return jcstress.getTests();
  }

  private static Collection<TestResult> results(Options options) throws Exception {
    if (Files.notExists(Path.of(options.getResultFile()))) {
      return List.of();
    }
    InProcessCollector results = new InProcessCollector();
    DiskReadCollector stored = new DiskReadCollector(options.getResultFile(), results);
    stored.dump();
    stored.close();
    return results.getTestResults();
  }

  private static void judge(String race, List<TestResult> results) {
    assertThat(results).as(race + " was run; it needs two processors").isNotEmpty();
    for (TestResult result : results) {
      assertThat(result.status()).as(race + " ended well").isEqualTo(Status.NORMAL);
      assertThat(result.grading().failureMessages).as(race).isEmpty();
    }
  }
}
