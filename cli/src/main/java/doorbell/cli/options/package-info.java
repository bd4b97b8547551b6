/** What users write: a command's options and operand, on a command line, in a file, or around. */
@NullMarked
package doorbell.cli.options;

import org.jspecify.annotations.NullMarked;
