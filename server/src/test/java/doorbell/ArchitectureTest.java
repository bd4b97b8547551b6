package doorbell;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import doorbell.event.EventTable;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Which package may know which: the arrows point to doorbell.event, and never back. */
class ArchitectureTest {
  private static final String JAVA = "java..";
  private static final String NULLNESS = "org.jspecify..";
  private static final String EVENT = "doorbell.event";
  private static final String HTTP = "doorbell.http";
  private static final String STORE = "doorbell.store";

  private static final JavaClasses CLASSES = classesOfTheServer();

  private static JavaClasses classesOfTheServer() {
    try {
      Path classes =
          Path.of(EventTable.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return new ClassFileImporter().importPath(classes);
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theClassesAreReallyRead() {
    assertThat(CLASSES.size()).isGreaterThan(30);
    for (String name : new String[] {EVENT + ".EventId$Plain", HTTP + ".Http1Connection", STORE}) {
      assertThat(CLASSES).anyMatch(type -> type.getName().startsWith(name));
    }
    assertThat(CLASSES.get(EventTable.class).getDirectDependenciesFromSelf()).isNotEmpty();
  }

  @Test
  void eventsKnowOnlyJava() {
    only(EVENT, EVENT, JAVA, NULLNESS).check(CLASSES);
  }

  @Test
  void httpKnowsEventsAndNetty() {
    only(
            HTTP,
            HTTP,
            EVENT,
            "io.netty..",
            "org.slf4j",
            "jdk.net",
            "javax.net.ssl",
            "javax.security..",
            JAVA,
            NULLNESS)
        .check(CLASSES);
  }

  @Test
  void storesKnowEventsAndRocksDb() {
    only(STORE, STORE, EVENT, "org.rocksdb", "org.slf4j", JAVA, NULLNESS).check(CLASSES);
  }

  @Test
  void onlyTheRootKnowsAll() {
    noClasses()
        .that()
        .resideOutsideOfPackage("doorbell")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("doorbell")
        .check(CLASSES);
    slices().matching("doorbell.(*)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void aUserOfTheJarMeetsFewClassesOfHttp() {
    classes()
        .that()
        .resideInAPackage(HTTP)
        .and()
        .arePublic()
        .should()
        .haveNameMatching(".*\\.(HttpPort|HttpOptions|Transport|package-info)(\\$.*)?")
        .check(CLASSES);
  }

  private static ArchRule only(String of, String... known) {
    return classes()
        .that()
        .resideInAPackage(of)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(known);
  }
}
