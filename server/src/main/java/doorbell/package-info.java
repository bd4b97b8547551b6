/** The node: one process that holds waits, wakes them and remembers sets. */
@NullMarked
package doorbell;

import org.jspecify.annotations.NullMarked;
