package doorbell.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresAddressTest {
  @Test
  void aTextIsReadInItsParts() {
    PostgresAddress all =
        PostgresAddress.parse(
            "postgresql://bell:se%40same+1%2F@a.example:5433,b_2,[::1]:7/data%20base"
                + "?sslmode=require");
    assertThat(all.user()).isEqualTo("bell");
    assertThat(all.password()).isEqualTo("se@same+1/");
    assertThat(all.hosts()).isEqualTo("a.example:5433,b_2,[::1]:7");
    assertThat(all.url())
        .isEqualTo("jdbc:postgresql://a.example:5433,b_2,[::1]:7/data%20base?sslmode=require");
    assertThat(all).hasToString("a.example:5433,b_2,[::1]:7/data%20base");
    assertThat(all.schema()).isEqualTo("public");
    assertThat(PostgresAddress.parse("postgres://h/d?currentSchema=bells").schema())
        .isEqualTo("bells");
    PostgresAddress bare = PostgresAddress.parse("postgresql://h/d");
    assertThat(bare.user()).isNull();
    assertThat(bare.password()).isNull();
    assertThat(PostgresAddress.parse("postgresql://u@h/d").with("p").password()).isEqualTo("p");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://",
        "postgresql://secret@h",
        "postgresql://u:secret@h/",
        "postgresql://u:secret@h:x/d",
        "postgresql://u:sec/ret@h/d",
        "postgresql://u:secret%ZZ@h/d",
        "postgresql://u:secret@h/d?password=secret",
        "postgresql://u:secret@h/d?socketFactory=secret",
        "postgresql://u:secret@h/d?currentSchema=a;secret",
        "postgresql://u:secret@h/d,postgresql://u:secret@i/d"
      })
  void whatIsNoneIsRefusedWithoutItsSecrets(String text) {
    assertThatThrownBy(() -> PostgresAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("postgresql://[USER:PASSWORD@]HOST:PORT/DATABASE")
        .hasMessageNotContaining("secret")
        .hasNoCause();
  }
}
