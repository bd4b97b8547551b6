package doorbell.cli.doctor;

import doorbell.cli.doctor.Finding.Check;
import doorbell.cli.doctor.WebServer.Trouble;
import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;

/** The check whether a node is what answers at the URL, and if not, what does. */
final class Identity {
  private static final Pattern LOGIN =
      Pattern.compile("(?i)log-?_?in|sign-?_?in|auth|sso|saml|account|consent");
  private static final String NO_LOGIN =
      "Let this path through without a login: a wait sends no cookie, and what it tells is only"
          + " that an event is set.";
  private static final int MOST_PLACES = 8;

  private Identity() {}

  /**
   * The check by the answer to a wait that only asks, for an event of nobody's; asks once more, and
   * elsewhere if this is no node.
   */
  static Finding check(Site site, Answer answer) {
    Finding found = of(site, answer);
    try (Site.Client client = site.client()) {
      if (!found.isCross()) {
        return known(client.get("no-id"));
      }
      String elsewhere = answer.isFull() ? "" : elsewhere(site);
      return elsewhere.isEmpty()
          ? found
          : Check.NODE.cross(found.text(), "There is a node at " + elsewhere + ": use that URL.");
    } catch (IOException e) {
      return Check.NODE.cross("asked once more, " + Answer.failure(e));
    }
  }

  /** A node refuses what is no id. */
  private static Finding known(Answer refusal) {
    if (refusal.status() == 400 && !refusal.problem().isEmpty()) {
      return Check.NODE.well("a Doorbell node answers");
    }
    return refusal.status() == 204
        ? Check.NODE.cross(
            "whatever is asked for, the answer is 204: that is no Doorbell node",
            "Is it the right host and path?")
        : Check.NODE.well(
            "a node answers, but not its error of 400 comes through (" + refusal.status() + ")");
  }

  static Finding of(Site site, Answer answer) {
    int status = answer.status();
    if (answer.isNotYet()) {
      return Check.NODE.well("a Doorbell node answers");
    }
    if (answer.isFull()) {
      return Check.NODE.cross(
          "a node answers " + status + ": " + answer.problem(),
          "See docs/troubleshooting.md, 429 and 503.");
    }
    if (status >= 300 && status < 400) {
      return redirect(site, answer);
    }
    return status >= 400 ? error(site, answer) : somethingElse(answer);
  }

  private static Finding somethingElse(Answer answer) {
    if (answer.status() == 204) {
      return Check.NODE.cross(
          "a 204 without a node's fields: something answers in its place",
          "Is it the right host and path?");
    }
    if (answer.body().matches("(?s)\\w+\\(.*\\);\\s*") || answer.body().startsWith("{\"set\"")) {
      return Check.NODE.cross(
          Trouble.CACHED, "an event is said to be set that nobody has set: an answer to another");
    }
    if (answer.isPage()) {
      return Check.NODE.cross(
          Trouble.PATH,
          "a page comes, status 200, where a node says \"not yet\", 204: an application answers"
              + " whatever is asked for, or the network's own login page does",
          "Open the URL in a browser: whose page is it?");
    }
    return Check.NODE.cross(
        Trouble.PATH,
        "something else answers: status " + answer.status() + ", " + kind(answer),
        "Is it the right host and path?");
  }

  private static String kind(Answer answer) {
    String type = answer.field("Content-Type");
    return type.isEmpty() ? "of no type" : type;
  }

  private static Finding redirect(Site site, Answer answer) {
    String location = answer.field("Location");
    String text = "redirects to " + (location.isEmpty() ? "nowhere" : location);
    if (isSameByTls(site, location)) {
      return Check.NODE.cross(
          text, "Use https:// in the URL: clients of Doorbell follow no redirects.");
    }
    if (LOGIN.matcher(location).find()) {
      return Check.NODE.cross(Trouble.PATH, text + ", which looks like a login", NO_LOGIN);
    }
    return Check.NODE.cross(
        Trouble.PATH,
        text,
        "Clients of Doorbell follow no redirects: use the URL where the node answers itself.");
  }

  private static boolean isSameByTls(Site site, String location) {
    try {
      URI there = URI.create(location);
      return !site.isTls()
          && "https".equalsIgnoreCase(there.getScheme())
          && site.host().equalsIgnoreCase(String.valueOf(there.getHost()))
          && String.valueOf(there.getRawPath()).startsWith(site.path());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static Finding error(Site site, Answer answer) {
    String problem = answer.problem();
    String text = problem.isEmpty() ? "" : ": " + problem;
    return switch (answer.status()) {
      case 400 ->
          isForTls(answer)
              ? Check.NODE.cross("this port speaks TLS", "Use https:// in the URL.")
              : Check.NODE.cross("refused with 400" + text);
      case 401, 403, 407 ->
          Check.NODE.cross(Trouble.PATH, "refused with " + answer.status() + text, NO_LOGIN);
      case 404 -> nothingThere(site, problem);
      case 502, 503, 504 ->
          Check.NODE.cross(
              "the web server answers, but no node behind it: " + answer.status() + text,
              "Is the node running, and where the web server looks for it? On its machine:"
                  + " curl -i 'http://127.0.0.1:8080/1?timeout=0'");
      default ->
          Check.NODE.cross(
              Trouble.PATH, "something answers " + answer.status() + ", " + kind(answer) + text);
    };
  }

  private static boolean isForTls(Answer answer) {
    return answer.problem().contains("https://")
        || Pattern.compile("(?i)https port|speaking plain http").matcher(answer.body()).find();
  }

  private static Finding nothingThere(Site site, String problem) {
    String path = site.path() + "/";
    return problem.isEmpty()
        ? Check.NODE.cross(
            Trouble.PATH,
            "404, and not by a node: nothing is at " + path,
            "Does the web server pass this path on, and is it the right one?")
        : Check.NODE.cross(
            Trouble.PATH,
            "a node answers, but with 404: its events are not under " + path,
            "Correct the path in the URL, or start the node with --base-path "
                + (site.path().isEmpty() ? "/PATH" : site.path())
                + ", or have the web server pass the path on as it is.");
  }

  /** The URL of a node on the same origin, where users often have it; empty if there is none. */
  private static String elsewhere(Site site) {
    for (String path : places(site.path())) {
      Site there = site.under(path);
      try (Site.Client client = there.client()) {
        if (client.get(Site.newId() + "?timeout=0").isNotYet()) {
          return there.toString();
        }
      } catch (IOException e) {
        return "";
      }
    }
    return "";
  }

  /** Paths above this one, and {@code /doorbell} in each, but for this one itself. */
  static Set<String> places(String path) {
    Set<String> places = new LinkedHashSet<>();
    String at = path;
    while (places.size() < MOST_PLACES) {
      places.add(at + "/doorbell");
      if (at.isEmpty()) {
        break;
      }
      at = at.substring(0, at.lastIndexOf('/'));
      places.add(at);
    }
    places.remove(path);
    return places;
  }
}
