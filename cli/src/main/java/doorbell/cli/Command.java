package doorbell.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command of doorbell's.
 *
 * @param operand the one word that it needs beside its options; null if it needs none
 */
record Command(
    String name,
    String description,
    @Nullable Option operand,
    List<Option> options,
    Action action) {

  /** What a command does. */
  @FunctionalInterface
  interface Action {
    /** Returns the exit code. */
    int run(Arguments given) throws Exception;
  }
}
