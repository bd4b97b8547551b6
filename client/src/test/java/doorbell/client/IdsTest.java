package doorbell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class IdsTest {
  @Test
  void aRandomIdIsAnyNumberBelow2To128() {
    Set<EventId> ids = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      ids.add(EventId.random());
    }
    assertThat(ids).hasSize(1000).anyMatch(id -> id.text().length() == 39);
  }

  @Test
  void aLongIsItsDecimalText() {
    assertThat(EventId.of(22482).text()).isEqualTo("22482");
    assertThatIllegalArgumentException().isThrownBy(() -> EventId.of(-1));
  }

  @Test
  void aMessageShowsOnlyTheStartOfALongText() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EventId.of("x".repeat(1_000_000)))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
  }

  @Test
  void aSealedIdNeverEqualsANumber() {
    assertThat(EventId.of("0".repeat(64))).isNotEqualTo(EventId.of(0));
  }

  @Test
  void randomSealedIdsDiffer() {
    assertThat(SealedId.random()).isNotEqualTo(SealedId.random());
  }

  @Test
  void aKeyOfAnotherIdIsRefused() {
    EventId id = SealedId.ofKey("open-sesame").id();
    assertThatIllegalArgumentException().isThrownBy(() -> new SealedId(id, "open-barley"));
  }

  @Test
  void aKeyIsNotInTheTextOfASealedId() {
    SealedId id = SealedId.ofKey("open-sesame");
    assertThat(id.toString()).contains(id.id().text()).doesNotContain("sesame");
  }

  @Test
  void aNegativeVersionAndAnEmptySecretAreRefused() {
    Doorbell bell = Doorbell.at(URI.create("http://bell.example"));
    Topic room = bell.withSecret("secret").topic("room");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> room.at(-1))
        .withMessage("A version is 0 or more, not -1.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bell.withSecret(""))
        .withMessage("The secret is not empty.");
  }

  @Test
  void aTopicWithoutASecretSaysWhatToDo() {
    Doorbell bell = Doorbell.at(URI.create("http://bell.example"));
    assertThatIllegalStateException()
        .isThrownBy(() -> bell.topic("room"))
        .withMessageContaining("withSecret");
  }

  @Test
  void otherOptionsKeepTheSecret() {
    Doorbell bell = Doorbell.at(URI.create("http://bell.example")).withSecret("secret");
    Doorbell patient = bell.withPatience(Duration.ZERO).withSpread(Duration.ZERO);
    assertThat(patient.topic("room").at(7)).isEqualTo(bell.topic("room").at(7));
  }

  @Test
  void theHeaderIsTheIdsUnlessThePublicUrlIsKnown() {
    Doorbell bell = Doorbell.at(URI.create("http://127.0.0.1:8080/doorbell/"));
    assertThat(bell.header(EventId.of("007"))).isEqualTo("007");
    assertThat(bell.header(EventId.of(1), EventId.of(2), EventId.of(1))).isEqualTo("1,2");
    Doorbell known = bell.withPublicUrl(URI.create("https://bell.example/doorbell/"));
    assertThat(known.header(EventId.of(1))).isEqualTo("https://bell.example/doorbell/1");
    assertThatIllegalArgumentException().isThrownBy(bell::header);
  }

  @Test
  void whatIsNoIdIsRefusedInEveryCall() {
    Doorbell bell = Doorbell.at(URI.create("http://bell.example"));
    EventId none = nothing();
    SealedId noSealed = nothing();
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> EventId.of(IdsTest.<String>nothing()),
            () -> EventId.of(IdsTest.<UUID>nothing()),
            () -> bell.wait(none),
            () -> bell.wait(none, Duration.ZERO),
            () -> bell.waitAny(Arrays.asList(EventId.of(1), none)),
            () -> bell.set(none),
            () -> bell.set(noSealed),
            () -> bell.setAll(Arrays.asList(EventId.of(1), none)),
            () -> bell.setAllSealed(Arrays.asList(noSealed)),
            () -> bell.header(none),
            () -> bell.header(EventId.of(1), none),
            () -> new SealedId(none, "k"))) {
      assertThatIllegalArgumentException()
          .isThrownBy(call)
          .withMessage("null is not a valid event id: did the answer name one?");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EventId.of(""))
        .withMessage("An empty text is not a valid event id: did the answer name one?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EventId.of("x_y"))
        .withMessageEndingWith("a decimal number below 2^128, a UUID or 64 hex digits");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SealedId.ofKey(nothing()))
        .withMessageStartingWith("A key is");
  }

  /** As code without null checks hands it on. */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals", "unchecked"})
  private static <T> T nothing() {
    return (T) null;
  }
}
