package doorbell.cli.options;

import doorbell.Option;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command of doorbell's.
 *
 * @param description a sentence or two for the help text
 * @param operand the one word that the command needs beside options; null if there is none
 */
public record Command(
    String name,
    String description,
    @Nullable Option<String> operand,
    List<Option<?>> options,
    Action action) {

  /** The action of a command. */
  @FunctionalInterface
  public interface Action {
    /** Returns the exit code. */
    int run(Arguments given) throws Exception;
  }
}
