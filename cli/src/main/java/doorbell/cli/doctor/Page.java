package doorbell.cli.doctor;

import doorbell.cli.doctor.WebServer.Trouble;
import doorbell.cli.run.Columns;
import doorbell.cli.run.Verdict;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** The report: a line for each finding, in 80 columns. */
final class Page {
  private static final int LABEL = 11;

  private final PrintStream out;

  Page(PrintStream out) {
    this.out = out;
  }

  void begin(Site site) {
    write("", "Asking " + site + " as a page would, for " + Finding.time(site.longest()) + ".");
    out.println();
  }

  /** Writes the finding, and its cures as the web server, if it is known by now, has them. */
  void tell(Finding finding, Site site) {
    String label = finding.check().label;
    String mark = finding.verdict().mark(out.charset());
    String head = mark + " " + label + " ".repeat(LABEL - label.length());
    write(head, finding.text());
    for (String cure : cures(finding, site)) {
      write(" ".repeat(head.length()) + "> ", cure);
    }
    out.flush();
  }

  private static List<String> cures(Finding finding, Site site) {
    List<String> cures = new ArrayList<>();
    Trouble trouble = finding.trouble();
    if (trouble != null) {
      WebServer server = site.webServer();
      cures.add(server == null ? trouble.general : server.cure(trouble, site.path() + "/"));
    }
    cures.addAll(finding.cures());
    return cures;
  }

  /** Writes the sum, and the lines for the web server if a cross concerns it. */
  void end(List<Finding> all, Site site) {
    long crosses = all.stream().filter(Finding::isCross).count();
    long untried = all.stream().filter(one -> one.verdict() == Verdict.NEITHER).count();
    out.println();
    out.println(
        (crosses == 0 ? "Nothing is wrong" : crosses + " wrong")
            + (untried == 0 ? "." : "; " + untried + " not tried."));
    if (all.stream().anyMatch(one -> one.trouble() != null)) {
      lines(site);
    }
  }

  private void lines(Site site) {
    WebServer server = site.webServer();
    out.println();
    if (server == null) {
      String name = site.server();
      write(
          "",
          (name.isEmpty() ? "No web server says its name here" : "Its name is " + name)
              + ". docs/start.md has lines for nginx, Apache, HAProxy and Caddy.");
      return;
    }
    write("", "The lines for " + server.title + ", where the node is at 127.0.0.1:8080:");
    out.println();
    server.block(site.path() + "/").lines().forEach(line -> out.println("    " + line));
  }

  private void write(String head, String text) {
    Columns.hanging(head, text).forEach(out::println);
  }
}
