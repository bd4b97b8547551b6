package doorbell.cli.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import doorbell.cli.doctor.Finding.Check;
import doorbell.cli.doctor.WebServer.Trouble;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient.Version;
import java.net.http.HttpResponse;
import java.util.zip.GZIPInputStream;

/**
 * The checks of event streams: whether each piece comes while the stream is open. A stream for two
 * events, of which one is never set, stays open for the site's patience. Its first comment is
 * waited for, and only then is the other event set: what comes with the end alone comes too late.
 */
final class EventStreams {
  private static final String CURE_ACCEPT =
      "Nothing may take `Accept: text/event-stream` out of a request.";

  /** A node says less than this, in characters or bytes. */
  private static final int MOST = 16_384;

  /** How the events of a stream came. */
  enum When {
    AT_ONCE,
    WITH_THE_END,
    /** None could come, since the set was refused. */
    UNSET
  }

  /** What a stream told. */
  record Told(Answer head, When when) {
    boolean isStream() {
      return head.status() == 200 && head.field("Content-Type").startsWith("text/event-stream");
    }

    String encoding() {
      return head.field("Content-Encoding");
    }
  }

  private final Site site;

  EventStreams(Site site) {
    this.site = site;
  }

  /** A stream as curl asks for it. */
  Told plain() throws IOException {
    return told(site.client(Version.HTTP_1_1), "identity");
  }

  /** A stream as a browser asks for it. */
  Told zipped() throws IOException {
    return told(site.client(), "gzip");
  }

  private Told told(Site.Client client, String encoding) throws IOException {
    String id = Site.newId();
    String rest = id + "," + Site.newId() + "?timeout=" + site.patience().toSeconds();
    try (client) {
      HttpResponse<InputStream> got =
          client.stream(rest, "Accept", "text/event-stream", "Accept-Encoding", encoding);
      Told told = new Told(Site.answer(got, ""), When.WITH_THE_END);
      return told.isStream()
          ? new Told(told.head, when(client, id, inflated(got.body(), told.encoding())))
          : new Told(Site.answer(got, sentence(told.head, got.body())), When.WITH_THE_END);
    }
  }

  /** The body of an error of a node's; nothing else is read, since a page may have no end. */
  private static String sentence(Answer head, InputStream body) throws IOException {
    return head.isProblem() ? new String(body.readNBytes(MOST), UTF_8) : "";
  }

  /** What is held back as a whole has not even the beginning of its compression, perhaps. */
  private static InputStream inflated(InputStream body, String encoding) throws IOException {
    try {
      return encoding.equalsIgnoreCase("gzip") ? new GZIPInputStream(body) : body;
    } catch (EOFException e) {
      return InputStream.nullInputStream();
    }
  }

  private static When when(Site.Client client, String id, InputStream body) throws IOException {
    StringBuilder text = new StringBuilder();
    if (!comes(":", text, body)) {
      return When.WITH_THE_END;
    }
    int status = client.set(id).status();
    if (status != 200 && status != 201) {
      return When.UNSET;
    }
    return comes("data: " + id + "\n", text, body) ? When.AT_ONCE : When.WITH_THE_END;
  }

  /**
   * Reads on until the text has that word; false if the stream ends before, in whatever way, or has
   * more than a node says.
   */
  static boolean comes(String word, StringBuilder text, InputStream body) {
    byte[] piece = new byte[1_024];
    try {
      while (text.indexOf(word) < 0) {
        int length = body.read(piece);
        if (length < 0 || text.length() + length > MOST) {
          return false;
        }
        text.append(new String(piece, 0, length, UTF_8));
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  static Finding judge(Told plain, Told zipped) {
    for (Answer head : new Answer[] {plain.head, zipped.head}) {
      if (head.isRefusal()) {
        return Check.STREAM.untried("no wait is taken now: " + head.refusal());
      }
    }
    Told other = plain.isStream() ? zipped : plain;
    if (!other.isStream()) {
      return Check.STREAM.cross(
          "asked for an event stream, what comes is " + what(other.head),
          "An EventSource can't be used here. " + CURE_ACCEPT);
    }
    if (plain.when == When.UNSET || zipped.when == When.UNSET) {
      return Check.STREAM.untried("the set of this check didn't get through");
    }
    if (plain.when != When.AT_ONCE) {
      return Check.STREAM.cross(
          Trouble.BUFFERED, "an event stream is held back: its events come with its end");
    }
    if (zipped.when != When.AT_ONCE) {
      return zipped.encoding().isEmpty()
          ? Check.STREAM.cross(
              Trouble.BUFFERED, "an event stream is held back, as a browser asks for it")
          : Check.STREAM.cross(
              Trouble.COMPRESSED,
              "an event stream is held back by compression: " + zipped.encoding());
    }
    return Check.STREAM.well(
        "an event stream tells of each event at once"
            + (zipped.encoding().isEmpty() ? "" : ", though compressed on its way"));
  }

  private static String what(Answer head) {
    String type = head.field("Content-Type");
    return "status " + head.status() + (type.isEmpty() ? "" : ", " + type);
  }

  /**
   * The check of the hops in between. A proxy hides from its client what it speaks to the node, and
   * only an upgrade needs HTTP/1.1 in each hop.
   */
  static Finding hops(Told plain, boolean isUpgraded) {
    if (isUpgraded) {
      return Check.HOPS.well("HTTP/1.1 in each hop to the node, since a WebSocket got through");
    }
    Answer head = plain.head;
    boolean isCounted =
        !head.field("Transfer-Encoding").isEmpty() || !head.field("Content-Length").isEmpty();
    if (plain.isStream() && head.version() == Version.HTTP_1_1 && !isCounted) {
      return Check.HOPS.cross(
          Trouble.UPGRADE,
          "HTTP/1.0 on the way: a stream has no chunks, so a cut looks like its end, and each"
              + " request takes a new connection");
    }
    return Check.HOPS.untried(
        "only a WebSocket would show whether a hop speaks HTTP/1.0; see there");
  }
}
