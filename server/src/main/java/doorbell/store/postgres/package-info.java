/**
 * A replica in a PostgreSQL, by its JDBC driver. Loaded only in a node with such a store; its
 * threads are its own.
 */
@NullMarked
package doorbell.store.postgres;

import org.jspecify.annotations.NullMarked;
