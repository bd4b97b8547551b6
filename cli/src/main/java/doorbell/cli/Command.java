package doorbell.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command of doorbell's.
 *
 * @param operand the one word that the command needs beside options; null if there is none
 */
record Command(
    String name,
    String description,
    @Nullable Option operand,
    List<Option> options,
    Action action) {

  /** The action of a command. */
  @FunctionalInterface
  interface Action {
    /** Returns the exit code. */
    int run(Arguments given) throws Exception;
  }
}
