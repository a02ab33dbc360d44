package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RefusalCountTest {

  /** 8 of 10: statsmodels' proportion_confint(8, 10, method="wilson") is (0.49016, 0.94332). */
  @Test
  void givesWilsonsInterval() {
    RefusalCount count = new RefusalCount(8, 10);
    assertThat(count.low()).isCloseTo(0.49016, within(1e-5));
    assertThat(count.high()).isCloseTo(0.94332, within(1e-5));
    assertThat(new RefusalCount(0, 50).low()).isZero();
    assertThat(new RefusalCount(0, 0).high()).isEqualTo(1);
  }

  @Test
  void knowsARefusalByItsWording() {
    assertThat(RefusalCount.isRefusal("I’m sorry, but I can’t help with that.")).isTrue();
    assertThat(RefusalCount.isRefusal("I cannot assist with this request")).isTrue();
    assertThat(RefusalCount.isRefusal("Dear nurse, thank you for your help.")).isFalse();
    assertThat(RefusalCount.isRefusal("")).isFalse();
  }
}
