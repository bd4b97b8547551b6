package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.Option;
import doorbell.cli.options.Command;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.CommandSpec;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/** The man pages' sources, which script/man makes pages of. */
class ManPagesTest {
  private static final Path PAGES = Path.of("target", "man");

  @Test
  void eachCommandHasAPageWithAllItsOptions() throws Exception {
    CommandSpec all = Main.commandLine(command -> true).getCommandSpec();
    assertThat(ManPageGenerator.generateManPage(PAGES.toFile(), null, new boolean[0], true, all))
        .isZero();
    assertThat(Files.readString(PAGES.resolve("doorbell.adoc"), UTF_8)).contains("serve", "wait");
    for (Command command : Main.commands()) {
      String page = Files.readString(PAGES.resolve("doorbell-" + command.name() + ".adoc"), UTF_8);
      for (Option<?> option : command.options()) {
        assertThat(page).as(command.name()).contains("--" + option.name());
      }
    }
  }
}
