package doorbell.access;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import doorbell.io.LogLines;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The file of tokens: at the start, and while a node runs. */
class SetTokensTest {
  private static final String OLD = "old-token-of-the-shop";
  private static final String NEW = "new-token-of-the-shop";

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("tokens");
    write("shop " + OLD);
  }

  private void write(String text) throws IOException {
    Files.writeString(file, text);
    rights("rw-------");
  }

  private void rights(String rights) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(rights));
  }

  private SetTokens tokens() {
    return new SetTokens(file, Duration.ofHours(24));
  }

  private static Setter owner(SetTokens tokens, String token) {
    return requireNonNull(find(tokens, token));
  }

  private static @Nullable Setter find(SetTokens tokens, String token) {
    return tokens.find(Credential.ofToken(token));
  }

  @Test
  void aTokenHasItsName() throws IOException {
    write("shop " + OLD + "\nshop " + NEW + "\nblog another-token-for-the-blog\n");
    SetTokens tokens = tokens();
    assertThat(owner(tokens, OLD).name).isEqualTo("shop");
    assertThat(find(tokens, NEW)).isSameAs(find(tokens, OLD));
    assertThat(owner(tokens, "another-token-for-the-blog").name).isEqualTo("blog");
    assertThat(find(tokens, OLD + "x")).isNull();
    assertThat(find(tokens, OLD.substring(1))).isNull();
    assertThat(tokens.setters()).extracting(setter -> setter.name).containsExactly("shop", "blog");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rw-----w-", "rw---x---"})
  void aFileThatOthersCanReadOrChangeIsRefused(String rights) throws IOException {
    rights(rights);
    assertThatIllegalStateException()
        .isThrownBy(this::tokens)
        .withMessageContaining("others can read or change it; chmod 600");
  }

  /** Its owner may change it, and its rights. Only root can make such a file. */
  @Test
  void aFileOfAnotherUserIsRefused() throws IOException {
    try {
      Files.setAttribute(file, "unix:uid", 12_345);
    } catch (FileSystemException e) {
      assumeTrue(false, "not root");
    }
    assertThatIllegalStateException()
        .isThrownBy(this::tokens)
        .withMessageContaining("another user owns it");
  }

  @Test
  void aFileThatCannotBeReadIsRefused() throws IOException {
    rights("r--------");
    tokens();
    Files.delete(file);
    assertThatIllegalStateException().isThrownBy(this::tokens).withMessageContaining("none");
    Files.createDirectory(file);
    assertThatIllegalStateException().isThrownBy(this::tokens).withMessageContaining("no file");
  }

  @Test
  void aChangedFileIsTakenAndItsNamesKeepTheirCounts() throws Exception {
    SetTokens tokens = tokens();
    Setter shop = owner(tokens, OLD);
    shop.acquire(1);
    shop.onStored(true, null);
    write("shop " + NEW + " sets=1\n");
    tokens.reload();
    assertThat(find(tokens, OLD)).isNull();
    assertThat(find(tokens, NEW)).isSameAs(shop);
    assertThat(shop.first.sum()).isEqualTo(1);
    assertThat(shop.remembered()).isEqualTo(1);
    write("blog " + NEW);
    tokens.reload();
    assertThat(owner(tokens, NEW).name).isEqualTo("blog");
    assertThat(tokens.setters()).hasSize(1);
  }

  @Test
  void aWrongFileKeepsTheTokensAndIsToldOnceWithoutThem() throws IOException {
    SetTokens tokens = tokens();
    try (LogLines log = LogLines.of(SetTokens.class)) {
      write("shop " + NEW + " " + OLD);
      tokens.reload();
      tokens.reload();
      assertThat(find(tokens, OLD)).isNotNull();
      assertThat(log.messages()).hasSize(1);
      assertThat(log.messages().getFirst()).contains("line 1: behind", "those before stay in use");
      rights("rw-r--r--");
      tokens.reload();
      Files.delete(file);
      tokens.reload();
      tokens.reload();
      assertThat(log.messages()).hasSize(3);
      write("shop " + NEW);
      tokens.reload();
      assertThat(find(tokens, NEW)).isNotNull();
      assertThat(log.messages()).hasSize(4);
      assertThat(log.messages().toString()).doesNotContain(OLD).doesNotContain(NEW);
    }
  }
}
