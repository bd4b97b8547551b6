/** Stores of sets: memory for a process's lifetime, RocksDB for longer. */
@NullMarked
package doorbell.store;

import org.jspecify.annotations.NullMarked;
