package doorbell.cli;

import java.util.ArrayList;
import java.util.List;

/** The text of {@code --help}, in lines of a terminal's usual width. */
final class Help {
  static final Option HELP = Option.flag("--help", "Show this help and exit; also -h.");
  static final Option VERSION = Option.flag("--version", "Show the version and exit; also -V.");

  private static final int WIDTH = 80;
  private static final int MAX_COLUMN = 30;

  private Help() {}

  static String of(List<Command> commands) {
    StringBuilder help = new StringBuilder("Usage: doorbell COMMAND [OPTION]...\n");
    help.append("Event variables over HTTP: wait for one, and set it. Once set, it stays set.\n\n");
    List<String[]> rows = new ArrayList<>();
    for (Command command : commands) {
      rows.add(new String[] {command.name(), command.description()});
    }
    rows.add(row(HELP));
    rows.add(row(VERSION));
    return append(help, rows).toString();
  }

  static String of(Command command) {
    StringBuilder help = new StringBuilder("Usage: doorbell ").append(command.name());
    help.append(" [OPTION]...");
    List<String[]> rows = new ArrayList<>();
    Option operand = command.operand();
    if (operand != null) {
      help.append(' ').append(operand.label());
      rows.add(new String[] {operand.label(), operand.description()});
    }
    append(help.append('\n'), command.description(), 0).append('\n');
    command.options().forEach(option -> rows.add(row(option)));
    rows.add(row(HELP));
    rows.add(row(VERSION));
    return append(help, rows).toString();
  }

  private static String[] row(Option option) {
    String name = option.isFlag() ? option.name() : option.name() + '=' + option.label();
    String fallback = option.fallback();
    boolean told = fallback != null && !fallback.isEmpty();
    return new String[] {
      name, told ? option.description() + " Default: " + fallback : option.description()
    };
  }

  private static StringBuilder append(StringBuilder help, List<String[]> rows) {
    int column = 0;
    for (String[] row : rows) {
      column = Math.min(MAX_COLUMN, Math.max(column, row[0].length() + 4));
    }
    for (String[] row : rows) {
      help.append("  ").append(row[0]);
      int used = row[0].length() + 2;
      if (used + 2 > column) {
        help.append('\n');
        used = 0;
      }
      append(help.repeat(' ', column - used), row[1], column);
    }
    return help;
  }

  /** Breaks the text between words; the cursor stands at {@code indent} already. */
  private static StringBuilder append(StringBuilder help, String text, int indent) {
    int at = indent;
    for (String word : text.split(" ", -1)) {
      if (at > indent && at + 1 + word.length() > WIDTH) {
        help.append('\n').repeat(' ', indent);
        at = indent;
      } else if (at > indent) {
        help.append(' ');
        at++;
      }
      help.append(word);
      at += word.length();
    }
    return help.append('\n');
  }
}
