/** The command line: serve, wait, set, new, demo, doctor. */
@NullMarked
package doorbell.cli;

import org.jspecify.annotations.NullMarked;
