package doorbell.http;

import doorbell.event.EventTable;
import org.jspecify.annotations.Nullable;

/** What the connections of a node share. */
record Node(
    EventTable table, WaitingRoom room, Budget budget, HttpOptions options, @Nullable Tls tls) {
  /** What speaks first on a new wire. */
  Session session(Loop loop, Wire wire) {
    return tls == null ? new Connection(this, loop, wire) : tls.on(this, loop, wire);
  }
}
