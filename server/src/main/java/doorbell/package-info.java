/** The node: a process that holds waits, wakes waiters and remembers sets. */
@NullMarked
package doorbell;

import org.jspecify.annotations.NullMarked;
