/** Limits for each client address: rates and counts. Knows nothing of ours. */
@NullMarked
package doorbell.limit;

import org.jspecify.annotations.NullMarked;
