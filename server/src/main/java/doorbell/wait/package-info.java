/** The waiting service: waits, sets and wakes of clients, with no word of HTTP. */
@NullMarked
package doorbell.wait;

import org.jspecify.annotations.NullMarked;
