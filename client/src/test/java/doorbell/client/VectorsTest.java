package doorbell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The vectors that every client and the server are tested against. */
class VectorsTest {
  private static final Map<?, ?> VECTORS = vectors();

  @ParameterizedTest
  @MethodSource
  void everyValidIdIsTheVariableOfItsValue(Map<String, String> id) {
    EventId read = EventId.of(text(id, "text"));
    assertThat(read.text()).isEqualTo(text(id, "text"));
    if (text(id, "kind").equals("sealed")) {
      assertThat(read).isNotEqualTo(EventId.of("22482"));
      assertThat(read).isEqualTo(EventId.of(text(id, "text").toLowerCase(Locale.ROOT)));
    } else {
      assertThat(read).isEqualTo(EventId.of(text(id, "value")));
      assertThat(read).hasSameHashCodeAs(EventId.of(text(id, "value")));
    }
  }

  static List<?> everyValidIdIsTheVariableOfItsValue() {
    return list("ids", "valid");
  }

  @ParameterizedTest
  @MethodSource
  void everyInvalidIdIsRefusedInOneSentence(Map<String, String> id) {
    assertThatIllegalArgumentException()
        .as(text(id, "why"))
        .isThrownBy(() -> EventId.of(text(id, "text")))
        .withMessageMatching("[^\\n]+ is not a valid event id[,:] [^\\n]+");
  }

  static List<?> everyInvalidIdIsRefusedInOneSentence() {
    return list("ids", "invalid");
  }

  @ParameterizedTest
  @MethodSource
  void everyValidKeyHasAnId(String key) {
    assertThat(SealedId.ofKey(key).id().text()).hasSize(64);
  }

  static List<?> everyValidKeyHasAnId() {
    return list("keys", "valid");
  }

  @ParameterizedTest
  @MethodSource
  void everyInvalidKeyIsRefused(Map<String, String> key) {
    assertThatIllegalArgumentException()
        .as(text(key, "why"))
        .isThrownBy(() -> SealedId.ofKey(text(key, "key")))
        .withMessageStartingWith("A key is");
  }

  static List<?> everyInvalidKeyIsRefused() {
    return list("keys", "invalid");
  }

  @ParameterizedTest
  @MethodSource
  void theIdIsTheHashOfTheKey(Map<String, String> sealed) {
    assertThat(SealedId.ofKey(text(sealed, "key")).id().text()).isEqualTo(text(sealed, "id"));
  }

  static List<?> theIdIsTheHashOfTheKey() {
    return list("sealed");
  }

  @ParameterizedTest
  @MethodSource
  void aTopicAndVersionGiveTheKeyAndTheId(Map<String, String> derived) {
    BigInteger version = new BigInteger(text(derived, "version"));
    Doorbell bell = Doorbell.at(URI.create("http://bell.example"));
    Topic topic = bell.withSecret(text(derived, "secret")).topic(text(derived, "topic"));
    SealedId id = topic.at(version);
    assertThat(id.key()).isEqualTo(text(derived, "key"));
    assertThat(id.id().text()).isEqualTo(text(derived, "id"));
  }

  static List<?> aTopicAndVersionGiveTheKeyAndTheId() {
    return list("derived");
  }

  @ParameterizedTest
  @MethodSource
  void aUuidAndItsDecimalValueNameOneVariable(Map<String, String> pair) {
    EventId uuid = EventId.of(UUID.fromString(text(pair, "uuid")));
    assertThat(uuid).isEqualTo(EventId.of(text(pair, "decimal")));
  }

  static List<?> aUuidAndItsDecimalValueNameOneVariable() {
    return list("uuids");
  }

  @ParameterizedTest
  @MethodSource
  void aHeaderIsReadAsTheVectorsSay(Map<String, Object> header) {
    URI response = URI.create(text(header, "response"));
    NodeUrl bell = NodeUrl.of(URI.create(text(header, "bell")));
    List<String> fields = List.of(text(header, "value"));
    if (header.containsKey("error")) {
      assertThatIllegalArgumentException()
          .as(text(header, "note"))
          .isThrownBy(() -> WaitHeader.read(fields, response, bell));
    } else {
      WaitHeader read = WaitHeader.read(fields, response, bell);
      assertThat(read.node()).hasToString(text(header, "base"));
      List<?> ids = (List<?>) header.get("ids");
      assertThat(read.ids().stream().map(EventId::text).toList()).isEqualTo(ids);
    }
  }

  static List<?> aHeaderIsReadAsTheVectorsSay() {
    return list("waitHeaders");
  }

  @ParameterizedTest
  @MethodSource
  void aHeaderIsWrittenAsTheVectorsSay(Map<String, Object> header) {
    Doorbell bell = Doorbell.at(URI.create("http://127.0.0.1:8080"));
    String base = text(header, "base");
    Doorbell known = base.equals("null") ? bell : bell.withPublicUrl(URI.create(base));
    assertThat(known.header(ids(header))).isEqualTo(text(header, "value"));
  }

  static List<?> aHeaderIsWrittenAsTheVectorsSay() {
    return list("headersWritten");
  }

  @ParameterizedTest
  @MethodSource
  void whatIsNoHeaderIsRefusedByTheWriter(Map<String, Object> header) {
    Doorbell bell = Doorbell.at(URI.create("http://127.0.0.1:8080"));
    assertThatIllegalArgumentException().isThrownBy(() -> bell.header(ids(header)));
  }

  /** Other types than text have no EventId at all. */
  static List<?> whatIsNoHeaderIsRefusedByTheWriter() {
    return list("headersRefused").stream()
        .filter(header -> !header.toString().contains("9007199254740992")) // a long has all digits
        .toList();
  }

  private static EventId[] ids(Map<String, Object> header) {
    List<?> ids = Objects.requireNonNull((List<?>) header.get("ids"));
    return ids.stream().map(id -> EventId.of(String.valueOf(id))).toArray(EventId[]::new);
  }

  @Test
  void noSectionOfTheVectorsIsLeftOut() {
    assertThat(VECTORS.keySet().stream().map(String::valueOf))
        .containsExactlyInAnyOrder(
            "about",
            "ids",
            "keys",
            "sealed",
            "derived",
            "uuids",
            "waitHeaders",
            "headersWritten",
            "headersRefused",
            "waitFields"); // the last is for clients that read JSON
  }

  private static String text(Map<String, ?> vector, String name) {
    return String.valueOf(vector.get(name));
  }

  private static List<?> list(String... path) {
    Object found = VECTORS;
    for (String name : path) {
      found = Objects.requireNonNull(((Map<?, ?>) found).get(name), name);
    }
    return (List<?>) found;
  }

  private static Map<?, ?> vectors() {
    try {
      return (Map<?, ?>) Json.read(Files.readString(Path.of("../spec/vectors.json")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
