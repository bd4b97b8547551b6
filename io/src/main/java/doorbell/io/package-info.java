/** Bytes of clients: event loops, endpoints, deadlines, budgets. No word of HTTP or of events. */
@NullMarked
package doorbell.io;

import org.jspecify.annotations.NullMarked;
