package doorbell.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The packages of all modules: none is large, and those of the command know what they need. */
class RoomsTest {
  private static final int CLASSES_IN_A_PACKAGE = 15;
  private static final int CLASSES_IN_A_CIRCLE = 3;

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("doorbell");

  @Test
  void aPackageHasFewClassesAndNoLargeCircle() {
    Map<String, Set<JavaClass>> packages = new TreeMap<>();
    for (JavaClass type : CLASSES) {
      if (!type.getName().endsWith("package-info")) {
        packages.computeIfAbsent(type.getPackageName(), name -> new HashSet<>()).add(outer(type));
      }
    }
    assertThat(packages)
        .containsKeys("doorbell.io", "doorbell.wait", "doorbell.client", "doorbell.cli.options");
    packages.forEach(
        (name, all) -> {
          assertThat(all).as(name).hasSizeLessThanOrEqualTo(CLASSES_IN_A_PACKAGE);
          assertThat(circles(all))
              .as(name)
              .allMatch(circle -> circle.size() <= CLASSES_IN_A_CIRCLE);
        });
  }

  @Test
  void theClientKnowsOnlyTheJdk() {
    only("doorbell.client");
  }

  @Test
  void optionsKnowNoCommandAndNoProcess() {
    only("doorbell.cli.options", "doorbell", "picocli");
  }

  @Test
  void aProcessKnowsNoCommandAndNoOptions() {
    only(
        "doorbell.cli.run",
        "ch.qos.logback..",
        "org.slf4j..",
        "sun.misc",
        "io.netty.channel.epoll",
        "io.netty.channel.unix");
  }

  @Test
  void aCheckKnowsWhatANodeTakesAndNoOtherCommand() {
    only(
        "doorbell.cli.check",
        "doorbell",
        "doorbell.http",
        "doorbell.io",
        "doorbell.store",
        "doorbell.cli.options",
        "doorbell.cli.run");
  }

  @Test
  void theDoctorKnowsNoOtherCommandAndNoNodeFromInside() {
    only(
        "doorbell.cli.doctor",
        "doorbell",
        "doorbell.client",
        "doorbell.cli.options",
        "doorbell.cli.run");
  }

  private static void only(String of, String... known) {
    List<String> all = new ArrayList<>(List.of(of, "java..", "javax..", "org.jspecify.."));
    all.addAll(List.of(known));
    classes()
        .that()
        .resideInAPackage(of)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(all.toArray(String[]::new))
        .check(CLASSES);
  }

  private static JavaClass outer(JavaClass type) {
    return type.getEnclosingClass().map(RoomsTest::outer).orElse(type);
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
}
