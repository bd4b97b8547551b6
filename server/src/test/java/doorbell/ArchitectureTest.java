package doorbell;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import doorbell.event.EventTable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which package may know which: the arrows point down, as docs/ARCHITECTURE.md draws them. */
class ArchitectureTest {
  private static final String EVENT = "doorbell.event";
  private static final String IO = "doorbell.io..";
  private static final String WAIT = "doorbell.wait";
  private static final String ACCESS = "doorbell.access";
  private static final String HTTP = "doorbell.http";
  private static final String FORWARDED = "doorbell.http.forwarded";
  private static final String HTTP1 = "doorbell.http1";
  private static final String HTTP2 = "doorbell.http2";
  private static final String WEB_SOCKET = "doorbell.websocket";
  private static final String STORE = "doorbell.store";
  private static final String REPLICA = "doorbell.store.replica";
  private static final String REDIS = "doorbell.store.redis";
  private static final String POSTGRES = "doorbell.store.postgres";
  private static final String ADMIN = "doorbell.admin";
  private static final String COUNT = "doorbell.count";
  private static final String LIMIT = "doorbell.limit";
  private static final String BUFFERS = "io.netty.buffer";
  private static final String LOOPS = "io.netty.channel..";
  private static final String UTIL = "io.netty.util..";

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
  void countersLimitsAndEventsKnowOnlyJava() {
    only(COUNT).check(CLASSES);
    only(LIMIT).check(CLASSES);
    only(EVENT, COUNT).check(CLASSES);
  }

  @Test
  void ioKnowsNoHttpAndNoEvents() {
    String ssl = "io.netty.handler.ssl..";
    only(
            IO,
            COUNT,
            LIMIT,
            BUFFERS,
            LOOPS,
            UTIL,
            ssl,
            "io.netty.bootstrap",
            "org.slf4j",
            "jdk.net",
            "javax..")
        .check(CLASSES);
  }

  @Test
  void waitingKnowsNoHttp() {
    only(WAIT, EVENT, IO, LIMIT, COUNT, LOOPS, UTIL).check(CLASSES);
  }

  @Test
  void policiesKnowEventsAndLimits() {
    only(ACCESS, EVENT, LIMIT, "org.slf4j").check(CLASSES);
  }

  @Test
  void httpKnowsNoVersionOfItself() {
    String codecs = "io.netty.handler.codec..";
    only(HTTP, FORWARDED, WAIT, ACCESS, EVENT, IO, LIMIT, COUNT, BUFFERS, UTIL, codecs)
        .check(CLASSES);
    only(FORWARDED, IO, UTIL, codecs).check(CLASSES);
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
    String[] below = {HTTP, WAIT, ACCESS, EVENT, IO, LIMIT, COUNT, BUFFERS, LOOPS, UTIL, codecs};
    only(HTTP2, below).check(CLASSES);
    only(WEB_SOCKET, below).check(CLASSES);
    String[] belowHttp1 =
        Stream.concat(Stream.of(HTTP2, WEB_SOCKET), Stream.of(below)).toArray(String[]::new);
    only(HTTP1, belowHttp1).check(CLASSES);
  }

  @Test
  void storesKnowEventsAndRocksDb() {
    only(STORE, EVENT, COUNT, "org.rocksdb", "org.slf4j").check(CLASSES);
  }

  /** What speaks to Redis is loaded by a store in Redis alone. */
  @Test
  void theStoreInRedisAloneKnowsItsLibrary() {
    String[] libraries = {"io.lettuce..", "io.netty.resolver", UTIL, "javax.net.ssl", "org.slf4j"};
    only(
            REDIS,
            Stream.concat(Stream.of(libraries), Stream.of(REPLICA, EVENT)).toArray(String[]::new))
        .check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackage(REDIS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.lettuce..", "reactor..")
        .check(CLASSES);
  }

  /** What speaks to PostgreSQL is loaded by a store in PostgreSQL alone. */
  @Test
  void theStoreInPostgresAloneKnowsItsLibrary() {
    only(POSTGRES, REPLICA, EVENT, "java.sql", "org.postgresql..", "org.slf4j").check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackage(POSTGRES)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.sql", "org.postgresql..")
        .check(CLASSES);
  }

  @Test
  void mergedReplicasKnowNoEngine() {
    only(REPLICA, EVENT, "org.slf4j").check(CLASSES);
  }

  /** The libraries of the admin port are loaded by that port alone. */
  @Test
  void theAdminPortAloneKnowsItsLibraries() {
    String[] libraries = {"io.micrometer..", "io.prometheus..", "com.sun.net.httpserver"};
    String[] below = {HTTP, WAIT, ACCESS, EVENT, IO, LIMIT, COUNT};
    only(ADMIN, Stream.concat(Stream.of(libraries), Stream.of(below)).toArray(String[]::new))
        .check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackage(ADMIN)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(libraries)
        .check(CLASSES);
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
