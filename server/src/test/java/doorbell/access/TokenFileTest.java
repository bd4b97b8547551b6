package doorbell.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.access.Setter.Quotas;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lines of a file of tokens. */
class TokenFileTest {
  private static final String TOKEN = "0123456789abcdef";

  @ParameterizedTest
  @CsvSource({
    "'', 0, 0",
    "sets-per-second=100, 100, 0",
    "sets=1000000, 0, 1000000",
    "'sets=7   sets-per-second=3', 3, 7",
    "'  ', 0, 0"
  })
  void aLineHasANameATokenAndQuotas(String options, int perSecond, int remembered) {
    List<TokenFile.Line> lines = TokenFile.parse("\tshop  " + TOKEN + " " + options);
    assertThat(lines).hasSize(1);
    assertThat(lines.getFirst().name()).isEqualTo("shop");
    assertThat(lines.getFirst().quotas()).isEqualTo(new Quotas(perSecond, remembered));
    assertThat(lines.getFirst().token().isSame(Credential.ofToken(TOKEN))).isTrue();
  }

  @Test
  void commentsAndEmptyLinesMeanNothing() {
    String text =
        "# the shop\r\n\r\n  # " + TOKEN + "\nshop " + TOKEN + "\r\n \nblog " + TOKEN + "1";
    assertThat(TokenFile.parse(text)).extracting("name").containsExactly("shop", "blog");
  }

  @Test
  void aNameMayHaveSeveralTokensSoThatOneCanBeReplaced() {
    String text = "shop %s sets=5\nshop %s1 sets=5".formatted(TOKEN, TOKEN);
    assertThat(TokenFile.parse(text)).hasSize(2);
    refused("line 2: a line before has other quotas", text.replaceFirst("sets=5$", "sets=6"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a+b/c~d-e._fghij==",
        "0123456789abcdef",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
      })
  void aTokenIsOneOfRfc6750(String token) {
    assertThat(TokenFile.parse("a " + token)).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "shop, a line is NAME TOKEN",
    "sh/op 0123456789abcdef, a line is NAME TOKEN",
    "shop 0123456789abcde, a token is 16 to 256 characters",
    "shop 0123456789abcde=f, a token is 16 to 256 characters",
    "shop 0123456789äbcdef, a token is 16 to 256 characters",
    "shop 0123456789abcdef sets, behind NAME TOKEN stand",
    "shop 0123456789abcdef sets=0, behind NAME TOKEN stand",
    "shop 0123456789abcdef sets=1 sets=1, behind NAME TOKEN stand",
    "shop 0123456789abcdef sets=1234567890, behind NAME TOKEN stand",
    "shop 0123456789abcdef # mine, behind NAME TOKEN stand"
  })
  void aBadLineIsNamedByItsNumberAndNotByItsWords(String line, String why) {
    refused("line 2: " + why, "# tokens\n" + line);
  }

  @ParameterizedTest
  @CsvSource({
    "rw-------, false, false",
    "r--------, false, false",
    "r--r-----, false, true",
    "rw-rw----, true, true",
    "rw-r--r--, true, true",
    "rw-r-----, true, false",
    "r--r-----, true, false"
  })
  void rootMayGiveTheFileToTheNodesGroup(String rights, boolean ofRoot, boolean isOpen) {
    assertThat(TokenFile.isOpenToOthers(PosixFilePermissions.fromString(rights), ofRoot))
        .isEqualTo(isOpen);
  }

  @ParameterizedTest
  @CsvSource({"1000, 1000, false", "0, 1000, false", "0, 0, false", "1000, 0, true", "5, 6, true"})
  void onlyTheNodesUserOrRootOwnsTheFile(int owner, int own, boolean isAnothers) {
    assertThat(TokenFile.isAnothers(owner, own)).isEqualTo(isAnothers);
  }

  @Test
  void theUserOfAProcessIsTheOneThatItActsAs() {
    assertThat(TokenFile.user("Name:\tjava\nUid:\t0\t1000\t0\t0\nGid:\t5\t5\t5\t5\n"))
        .isEqualTo(1000);
    assertThat(TokenFile.user("Name:\tjava\n")).isZero();
  }

  @Test
  void aFileThatIsReplacedWhileItIsReadIsNotTheOneThatIsOpen(@TempDir Path folder)
      throws IOException {
    Path file = Files.writeString(folder.resolve("tokens"), "shop " + TOKEN).toRealPath();
    try (InputStream in = Files.newInputStream(file)) {
      assertThat(Files.isSameFile(TokenFile.opened(file), file)).isTrue();
      Files.move(file, folder.resolve("old"));
      Files.writeString(file, "shop " + TOKEN);
      assertThatThrownBy(() -> TokenFile.opened(file)).hasMessageContaining("was replaced");
      assertThat(in.read()).isEqualTo('s');
    }
  }

  @Test
  void aTokenStandsOnce() {
    refused("line 2: its token stands", "shop %s\nblog %s".formatted(TOKEN, TOKEN));
  }

  @Test
  void aFileHasATokenAtLeastAnd256AtMost() {
    refused("it has no line", "# none\n");
    assertThat(TokenFile.parse(lines(256))).hasSize(256);
    refused("line 257: at most 256 tokens", lines(257));
  }

  private static String lines(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> "n" + i + " " + TOKEN + i)
        .collect(Collectors.joining("\n"));
  }

  private static void refused(String why, String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TokenFile.parse(text))
        .withMessageStartingWith(why)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("cdef"));
  }
}
