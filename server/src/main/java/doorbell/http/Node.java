package doorbell.http;

import doorbell.event.EventTable;
import org.jspecify.annotations.Nullable;

/** What the connections of a node share. */
record Node(
    EventTable table, WaitQuota quota, Budget budget, HttpOptions options, @Nullable Tls tls) {
  /** What speaks first on a new endpoint. */
  Protocol protocol(Loop loop, Endpoint endpoint) {
    return tls == null ? new Http1Connection(this, loop, endpoint) : tls.on(this, loop, endpoint);
  }
}
