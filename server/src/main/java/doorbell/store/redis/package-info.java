/**
 * A replica in a Redis, by Lettuce. Loaded only in a node with such a store; its threads and event
 * loops are its own.
 */
@NullMarked
package doorbell.store.redis;

import org.jspecify.annotations.NullMarked;
