package doorbell;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import doorbell.event.EventTable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which package may know which: the arrows point down, as docs/ARCHITECTURE.md draws them. */
class ArchitectureTest {
  private static final String EVENT = "doorbell.event";
  private static final String IO = "doorbell.io..";
  private static final String WAIT = "doorbell.wait";
  private static final String HTTP = "doorbell.http";
  private static final String HTTP1 = "doorbell.http1";
  private static final String HTTP2 = "doorbell.http2";
  private static final String WEB_SOCKET = "doorbell.websocket";
  private static final String STORE = "doorbell.store";
  private static final String BUFFERS = "io.netty.buffer";
  private static final String LOOPS = "io.netty.channel..";
  private static final String UTIL = "io.netty.util..";

  private static final int CLASSES_IN_A_PACKAGE = 15;
  private static final int CLASSES_IN_A_CIRCLE = 3;

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("doorbell");

  @Test
  void theClassesAreReallyRead() {
    assertThat(CLASSES.size()).isGreaterThan(100);
    for (String name :
        List.of(EVENT + ".EventId$Plain", "doorbell.io.IoLoop", HTTP1 + ".Http1", STORE)) {
      assertThat(CLASSES).anyMatch(type -> type.getName().startsWith(name));
    }
    assertThat(CLASSES.get(EventTable.class).getDirectDependenciesFromSelf()).isNotEmpty();
  }

  @Test
  void eventsKnowOnlyJava() {
    only(EVENT).check(CLASSES);
  }

  @Test
  void ioKnowsNoHttpAndNoEvents() {
    String ssl = "io.netty.handler.ssl..";
    only(IO, BUFFERS, LOOPS, UTIL, ssl, "io.netty.bootstrap", "org.slf4j", "jdk.net", "javax..")
        .check(CLASSES);
  }

  @Test
  void waitingKnowsNoHttp() {
    only(WAIT, EVENT, IO, LOOPS, UTIL).check(CLASSES);
  }

  @Test
  void httpKnowsNoVersionOfItself() {
    only(HTTP, WAIT, EVENT, IO, BUFFERS, UTIL, "io.netty.handler.codec..").check(CLASSES);
  }

  @Test
  void messagesAreTextInAndValuesOut() {
    noClasses()
        .that()
        .resideInAPackage(HTTP)
        .and()
        .haveNameMatching(".*\\.(Request|Target|Accept|Response|HttpError|Upgrade)(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(IO, BUFFERS, LOOPS)
        .check(CLASSES);
  }

  @Test
  void protocolsKnowWhatIsBelowAndHandOver() {
    String codecs = "io.netty.handler.codec..";
    String[] below = {HTTP, WAIT, EVENT, IO, BUFFERS, LOOPS, UTIL, codecs};
    only(HTTP2, below).check(CLASSES);
    only(WEB_SOCKET, below).check(CLASSES);
    String[] belowHttp1 =
        Stream.concat(Stream.of(HTTP2, WEB_SOCKET), Stream.of(below)).toArray(String[]::new);
    only(HTTP1, belowHttp1).check(CLASSES);
  }

  @Test
  void storesKnowEventsAndRocksDb() {
    only(STORE, EVENT, "org.rocksdb", "org.slf4j").check(CLASSES);
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
    slices().matching("doorbell.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void aPackageHasFewClassesAndNoLargeCircle() {
    Map<String, Set<JavaClass>> packages = new TreeMap<>();
    for (JavaClass type : CLASSES) {
      if (!type.getName().endsWith("package-info")) {
        packages.computeIfAbsent(type.getPackageName(), name -> new HashSet<>()).add(outer(type));
      }
    }
    packages.forEach(
        (name, all) -> {
          assertThat(all).as(name).hasSizeLessThanOrEqualTo(CLASSES_IN_A_PACKAGE);
          assertThat(circles(all))
              .as(name)
              .allMatch(circle -> circle.size() <= CLASSES_IN_A_CIRCLE);
        });
  }

  private static JavaClass outer(JavaClass type) {
    return type.getEnclosingClass().map(ArchitectureTest::outer).orElse(type);
  }

  /** For each class those that it reaches and that reach it. */
  private static List<Set<String>> circles(Set<JavaClass> all) {
    List<Set<String>> circles = new ArrayList<>();
    for (JavaClass type : all) {
      Set<JavaClass> reached = reach(type, all);
      Set<String> circle = new TreeSet<>(Set.of(type.getSimpleName()));
      for (JavaClass other : reached) {
        if (reach(other, all).contains(type)) {
          circle.add(other.getSimpleName());
        }
      }
      circles.add(circle);
    }
    return circles;
  }

  private static Set<JavaClass> reach(JavaClass from, Set<JavaClass> within) {
    Set<JavaClass> reached = new HashSet<>();
    List<JavaClass> open = new ArrayList<>(List.of(from));
    while (!open.isEmpty()) {
      JavaClass next = open.removeLast();
      for (JavaClass type : CLASSES) {
        if (outer(type).equals(next)) {
          type.getDirectDependenciesFromSelf().stream()
              .map(dependency -> outer(dependency.getTargetClass()))
              .filter(target -> within.contains(target) && !target.equals(next))
              .filter(reached::add)
              .forEach(open::add);
        }
      }
    }
    return reached;
  }

  private static ArchRule only(String of, String... known) {
    List<String> all = new ArrayList<>(List.of(of, "java..", "org.jspecify.."));
    all.addAll(List.of(known));
    return classes()
        .that()
        .resideInAPackage(of)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(all.toArray(String[]::new));
  }
}
