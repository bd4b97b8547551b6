package doorbell.access;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.event.EventId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules of ids, and the field that a token comes in. */
class AccessTest {
  @ParameterizedTest
  @CsvSource({
    "1, 0, true",
    "1, 1, true",
    "1, 2, false",
    "64, 18446744073709551615, true",
    "64, 18446744073709551616, false",
    "64, 00000000-0000-0000-ffff-ffffffffffff, true",
    "64, 00000000-0000-0001-0000-000000000000, false",
    "64, 340282366920938463463374607431768211455, false",
    "32, 9223372036854775808, false",
    "96, 79228162514264337593543950335, true",
    "96, 79228162514264337593543950336, false",
    "96, 0000000000000000000000000000000000000000000000000000000000000001, false"
  })
  void numbersBelowThePowerOfTwoAreNoIds(int bits, String id, boolean refused) {
    Access access = requireNonNull(Access.of(SetPolicy.OPEN, null, bits));
    EventId parsed = EventId.parse(id);
    if (refused) {
      assertThatThrownBy(() -> access.checkId(parsed)).hasMessageContaining("at least 2^" + bits);
      assertThatThrownBy(() -> access.checkSet(parsed)).hasMessageContaining("at least 2^" + bits);
    } else {
      assertThatCode(() -> access.checkSet(parsed)).doesNotThrowAnyException();
    }
  }

  @Test
  void withoutRulesThereIsNothingToAsk() {
    assertThat(Access.of(SetPolicy.OPEN, null, 0)).isNull();
    assertThat(Access.of(SetPolicy.SEALED, null, 0)).isNotNull();
  }

  @Test
  void noBitsAreAskedForByThePoliciesAlone() {
    Access sealed = requireNonNull(Access.of(SetPolicy.SEALED, null, 0));
    assertThatCode(() -> sealed.checkId(EventId.parse("0"))).doesNotThrowAnyException();
    assertThatThrownBy(() -> sealed.checkSet(EventId.parse("0"))).hasMessageContaining("sealed");
  }

  @ParameterizedTest
  @CsvSource({
    "Bearer abc, true",
    "bearer abc, true",
    "BEARER   abc , true",
    "Bearer, false",
    "'Bearer ', false",
    "Basic abc, false",
    "abc, false",
    "'', false"
  })
  void aTokenComesByTheSchemeBearer(String field, boolean comes) {
    Credential token = Credential.of(List.of(field));
    assertThat(token != null).isEqualTo(comes);
    if (token != null) {
      assertThat(token.isSame(Credential.ofToken("abc"))).isTrue();
    }
  }

  @Test
  void twoFieldsAreNone() {
    assertThat(Credential.of(List.of())).isNull();
    assertThat(Credential.of(List.of("Bearer abc", "Bearer abc"))).isNull();
  }
}
