package doorbell.cli.options;

import java.util.Collection;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What users are told of a command line that can't be meant so. */
public final class Mistakes {
  private Mistakes() {}

  /** A sentence that says what is wrong, and what may be meant. */
  public static String sentence(ParameterException mistake) {
    return mistake instanceof UnmatchedArgumentException unmatched
        ? unmatched(mistake.getCommandLine().getCommandSpec(), unmatched.getUnmatched())
        : String.valueOf(mistake.getMessage());
  }

  private static String unmatched(CommandSpec command, List<String> words) {
    String first = words.getFirst();
    if (first.length() > 1 && first.startsWith("-")) {
      return unknownOption(command, first, words.size() > 1 ? words.get(1) : "");
    }
    return command.subcommands().isEmpty()
        ? "there is no '" + first + "' here"
        : "unknown command '" + first + "'" + meant(first, command.subcommands().keySet(), "'");
  }

  private static String unknownOption(CommandSpec command, String word, String next) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    if (command.findOption("--listen") != null
        && List.of("--port", "-p", "--bind").contains(name)) {
      String port = equals < 0 ? next : word.substring(equals + 1);
      boolean isPort = port.matches("[0-9]{1,5}");
      return "unknown option " + word + ": write --listen 127.0.0.1:" + (isPort ? port : "PORT");
    }
    return "unknown option " + word + meant(name, command.optionsMap().keySet(), "");
  }

  private static String meant(String word, Collection<String> known, String quote) {
    String meant = Guess.of(word, known);
    return meant == null ? "" : "; did you mean " + quote + meant + quote + "?";
  }
}
