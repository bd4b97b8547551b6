package doorbell.cli.doctor;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import doorbell.cli.doctor.EventStreams.Told;
import doorbell.cli.doctor.Finding.Check;
import java.io.IOException;
import java.net.InetAddress;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;

/**
 * An examination of a node's URL: one check after the other, and at last all at once that listen
 * for long. The report is in the order of {@link Check}.
 */
final class Doctor {
  private final Site site;
  private final Page page;
  private final List<Finding> findings = new ArrayList<>();

  Doctor(Site site, Page page) {
    this.site = site;
    this.page = page;
  }

  /** Writes the report; returns whether nothing is wrong. */
  boolean examine() throws InterruptedException {
    page.begin(site);
    if (isReached() && isNode()) {
      Wakes wakes = new Wakes(site);
      tell(Check.CACHE, wakes::cache);
      tell(Check.SET, wakes::set);
      listen();
    }
    List<Check> told = findings.stream().map(Finding::check).toList();
    for (Check check : Check.values()) {
      if (!told.contains(check)) {
        tell(check.untried("not tried"));
      }
    }
    page.end(findings, site);
    return findings.stream().noneMatch(Finding::isCross);
  }

  private boolean tell(Finding finding) {
    findings.add(finding);
    page.tell(finding, site);
    return !finding.isCross();
  }

  private boolean isReached() {
    List<InetAddress> addresses = Reach.addresses(site.host());
    if (!tell(Reach.name(site.host(), addresses)) || !tell(Reach.check(addresses, site.port()))) {
      return false;
    }
    Finding certificate = Certificate.check(site);
    // One that ends soon is one still.
    return tell(certificate) || certificate.text().startsWith(Certificate.HOLDS);
  }

  private boolean isNode() {
    long start = System.nanoTime();
    try (Site.Client client = site.client()) {
      Answer first = client.get(Site.newId() + "?timeout=0", "Origin", Headers.ORIGIN);
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      if (!tell(Identity.check(site, first))) {
        return false;
      }
      tell(Headers.clock(first, took));
      tell(Headers.http(first));
      tell(Headers.cors(first));
      return true;
    } catch (IOException e) {
      return tell(Check.NODE.cross("asked for a node, " + Answer.failure(e)));
    }
  }

  private void listen() throws InterruptedException {
    EventStreams streams = new EventStreams(site);
    WebSockets sockets = new WebSockets(site);
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      Future<Told> plain = threads.submit(streams::plain);
      Future<Told> zipped = threads.submit(streams::zipped);
      Future<Finding> socket = threads.submit(sockets::check);
      Future<Finding> silence = threads.submit(new Silence(site)::check);
      tell(Check.STREAM, () -> EventStreams.judge(got(plain), got(zipped)));
      tell(Check.WEBSOCKET, () -> got(socket));
      tell(Check.HOPS, () -> EventStreams.hops(got(plain), sockets.isOpened()));
      tell(Check.SILENCE, () -> got(silence));
    } finally {
      threads.shutdownNow();
      threads.close();
    }
  }

  /** What a check comes to. */
  @FunctionalInterface
  private interface Result {
    Finding get() throws IOException, InterruptedException;
  }

  private void tell(Check check, Result result) throws InterruptedException {
    Finding found;
    try {
      found = result.get();
    } catch (IOException e) {
      found = check.cross("in the midst of this check, " + Answer.failure(e));
    }
    tell(found);
  }

  private <T> T got(Future<T> result) throws IOException, InterruptedException {
    try {
      return result.get(4 * site.patience().toMillis(), MILLISECONDS);
    } catch (TimeoutException e) {
      throw (IOException) new HttpTimeoutException("no end in time").initCause(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException("a check failed: " + e.getCause(), e);
    }
  }
}
