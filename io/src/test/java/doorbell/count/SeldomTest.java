package doorbell.count;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SeldomTest {
  @Test
  void theFirstLineIsDueAndTheNextOnlyAfterThePause() {
    Seldom seldom = new Seldom();
    assertThat(seldom.isDue()).isTrue();
    assertThat(seldom.isDue()).isFalse();
    Seldom always = new Seldom(0);
    assertThat(always.isDue()).isTrue();
    assertThat(always.isDue()).isTrue();
  }
}
