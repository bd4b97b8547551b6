package doorbell;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** One client of the simulation: what it asked and has no answer to. */
final class Caller {
  final String name;
  final SimulatedNode.Client client;
  final Deque<Asked> asked = new ArrayDeque<>();

  /** The part of its last request that is not sent yet; empty if all is. */
  String unsent = "";

  boolean hungUp;
  boolean toldThatItCloses;

  /** Its loop did nothing for longer than the node gives a client, and had its bytes to carry. */
  boolean stalled;

  long lastAnswerNanos;

  Caller(String name, SimulatedNode.Client client) {
    this.name = name;
    this.client = client;
  }

  boolean mayAsk() {
    return client.isOpen() && unsent.isEmpty() && !client.thread.isBusy();
  }

  /** The wait that holds the connection at this moment, if everything has been run. */
  @Nullable Asked parked() {
    Asked first = asked.peek();
    return client.isOpen() && first != null && first.sent && first.kind == Asked.Kind.WAIT
        ? first
        : null;
  }

  @Override
  public String toString() {
    return name;
  }
}
