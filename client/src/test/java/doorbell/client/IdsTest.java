package doorbell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashSet;
import java.util.Set;
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
    assertThatIllegalArgumentException().isThrownBy(() -> SealedId.derive("secret", "room", -1));
    assertThatIllegalArgumentException().isThrownBy(() -> SealedId.derive("", "room", 1));
  }
}
