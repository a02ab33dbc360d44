package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RefusalCountTest {

  /** 8 of 10: statsmodels' proportion_confint(8, 10, method="wilson") is (0.49016, 0.94332). */
  @Test
  void printsWilsonsInterval() {
    assertThat(new RefusalCount(8, 10)).hasToString(" 80.0 % [49.0, 94.3] (8 of 10)");
  }
}
