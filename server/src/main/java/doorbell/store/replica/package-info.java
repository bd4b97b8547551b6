/** A store over replicas that know nothing of one another: their sets are merged by OR. */
@NullMarked
package doorbell.store.replica;

import org.jspecify.annotations.NullMarked;
