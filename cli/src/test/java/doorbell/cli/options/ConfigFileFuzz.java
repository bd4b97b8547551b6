package doorbell.cli.options;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.Option;
import doorbell.OptionType;
import doorbell.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Any configuration is refused in a sentence that names the file, or has the same values when it is
 * written again.
 */
public final class ConfigFileFuzz {
  private static final Path FILE = file();

  private ConfigFileFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Map<String, String> values;
    try {
      values = read(data);
    } catch (IllegalArgumentException e) {
      assertThat(e).isExactlyInstanceOf(IllegalArgumentException.class);
      assertThat(e.getMessage()).contains(FILE.toString()).doesNotContain("\n");
      return;
    }
    StringBuilder again = new StringBuilder();
    values.forEach((name, value) -> again.append(written(name, value)));
    assertThat(read(again.toString().getBytes(UTF_8))).isEqualTo(values);
    for (Option<?> option : Options.ALL) {
      String value = values.get(option.name());
      // The name of a host would be looked for.
      if (value != null
          && option.type() != OptionType.ADDRESSES
          && option.type() != OptionType.ADDRESS) {
        parse(option, value);
      }
    }
  }

  private static Map<String, String> read(byte[] data) throws IOException {
    Files.write(FILE, data);
    return new TreeMap<>(new ConfigFile(FILE, Options.ALL).read());
  }

  private static String written(String name, String value) {
    String quote = value.indexOf('"') < 0 ? "\"" : value.indexOf('\'') < 0 ? "'" : "";
    return name + "=" + quote + value + quote + "\n";
  }

  private static void parse(Option<?> option, String value) {
    try {
      option.parse(value);
    } catch (IllegalArgumentException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
    }
  }

  private static Path file() {
    try {
      Path file = Files.createTempFile("doorbell", ".conf");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
