/** The command that says whether a host can hold so many waits, and what mends it where not. */
@NullMarked
package doorbell.cli.check;

import org.jspecify.annotations.NullMarked;
