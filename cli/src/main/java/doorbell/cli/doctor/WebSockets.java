package doorbell.cli.doctor;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import doorbell.cli.doctor.Finding.Check;
import doorbell.cli.doctor.WebServer.Trouble;
import java.io.IOException;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** The check of a WebSocket: whether it opens, tells of a set, and outlives silence. */
final class WebSockets implements WebSocket.Listener {
  private static final String CLOSED = "closed";
  private static final String ELSE =
      "Pages then wait by fetch: that works, and several waits take several connections.";

  /** Characters of a line, and lines: a node says less, and whoever says more is hung up on. */
  private static final int MOST = 1_024;

  /** What the node said, a line each, and at the end {@link #CLOSED}. */
  private final BlockingQueue<String> said = new LinkedBlockingQueue<>(MOST);

  private final StringBuilder line = new StringBuilder();
  private final Site site;
  private volatile boolean isOpen;
  private String refusal = "";

  WebSockets(Site site) {
    this.site = site;
  }

  /** Whether one was opened. */
  boolean isOpened() {
    return isOpen;
  }

  Finding check() throws IOException, InterruptedException {
    try (Site.Client client = site.client()) {
      WebSocket socket = Site.join(client.webSocket(this));
      isOpen = true;
      return told(socket);
    } catch (WebSocketHandshakeException e) {
      Answer answer = Site.answer(e.getResponse(), Objects.toString(e.getResponse().body(), ""));
      site.note(answer);
      return refused(answer);
    } catch (IOException e) {
      return Check.WEBSOCKET.cross(
          Trouble.UPGRADE, "asked for a WebSocket, " + Answer.failure(e), ELSE);
    }
  }

  static Finding refused(Answer answer) {
    if (answer.isRefusal()) {
      return untaken(answer.refusal());
    }
    return Check.WEBSOCKET.cross(
        Trouble.UPGRADE,
        answer.status() == 200
            ? "asked for a WebSocket, the node answered as ever: a hop speaks HTTP/1.0 to it, or"
                + " drops `Upgrade`"
            : "asked for a WebSocket, status " + answer.status() + " came",
        ELSE);
  }

  /** The check of a WebSocket that is open. */
  Finding told(WebSocket socket) throws InterruptedException {
    if (!isTold(socket)) {
      return refusal.isEmpty()
          ? Check.WEBSOCKET.cross(
              Trouble.BUFFERED, "a WebSocket opens, but a wait over it is told of nothing", ELSE)
          : untaken(refusal);
    }
    long start = System.nanoTime();
    String word = said.poll(Silence.longest(site).toMillis(), MILLISECONDS);
    Duration silent = Duration.ofNanos(System.nanoTime() - start);
    boolean isAlive = word == null ? isTold(socket) : !isOver(word);
    socket.abort();
    return refusal.isEmpty()
        ? afterSilence(isAlive, CLOSED.equals(word), silent)
        : untaken(refusal);
  }

  private static Finding untaken(String why) {
    return Check.WEBSOCKET.untried("no wait is taken now: " + why);
  }

  static Finding afterSilence(boolean isAlive, boolean isClosed, Duration silent) {
    if (isAlive) {
      return Check.WEBSOCKET.well(
          "opens, tells of a set, and still does " + Finding.time(silent) + " later");
    }
    return Check.WEBSOCKET.cross(
        Trouble.CUT,
        (isClosed
                ? "something between cuts a silent WebSocket after "
                : "a WebSocket is dead after")
            + (isClosed ? "" : " ")
            + Finding.whole(silent)
            + (isClosed ? "" : " without a message, and nobody says so"),
        "Pages notice and open another; each time that takes requests.");
  }

  /** Waits for an event, sets it, and hears of both. */
  private boolean isTold(WebSocket socket) throws InterruptedException {
    String id = Site.newId();
    long end = System.nanoTime() + site.patience().toNanos();
    socket
        .sendText("wait " + id, true)
        .thenCompose(sent -> sent.sendText("set " + id, true))
        .whenComplete((sent, failure) -> closeIf(failure));
    boolean isTold = false;
    boolean isDone = false;
    while (!isTold || !isDone) {
      long left = end - System.nanoTime();
      String word = left > 0 ? said.poll(left, NANOSECONDS) : null;
      if (word == null || isOver(word)) {
        return false;
      }
      isTold |= word.equals("set " + id);
      isDone |= word.equals("done " + id);
    }
    return true;
  }

  /** Whether that was the last word; notes why, if the node says so. */
  private boolean isOver(String word) {
    if (word.startsWith("error ")) {
      refusal = "the node refuses: " + Answer.printable(word.replaceFirst(".*: ", ""));
    }
    return word.equals(CLOSED) || !refusal.isEmpty();
  }

  private void closeIf(@Nullable Throwable failure) {
    if (failure != null) {
      close();
    }
  }

  /** What was said before is read first, unless it is too much. */
  private void close() {
    if (!said.offer(CLOSED)) {
      said.clear();
      said.offer(CLOSED);
    }
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
    line.append(data);
    if (line.length() > MOST || (last && !said.offer(line.toString()))) {
      socket.abort();
      close();
      return null;
    }
    if (last) {
      line.setLength(0);
    }
    socket.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
    close();
    return null;
  }

  @Override
  public void onError(WebSocket socket, Throwable error) {
    close();
  }
}
