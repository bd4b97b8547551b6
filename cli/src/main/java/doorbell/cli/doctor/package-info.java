/** The command that finds out, from where it runs, why a wait at a node doesn't work. */
@NullMarked
package doorbell.cli.doctor;

import org.jspecify.annotations.NullMarked;
