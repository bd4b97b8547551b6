/** The command line: serve, wait, set, new, demo. */
@NullMarked
package doorbell.cli;

import org.jspecify.annotations.NullMarked;
