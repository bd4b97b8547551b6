/** A command as a process: its exit code, signals, log and memory. */
@NullMarked
package doorbell.cli.run;

import org.jspecify.annotations.NullMarked;
