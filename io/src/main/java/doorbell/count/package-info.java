/**
 * Counters and histograms that cost their writer a store into memory, and how seldom a log line
 * comes. Knows nothing of ours.
 */
@NullMarked
package doorbell.count;

import org.jspecify.annotations.NullMarked;
