package io.patchkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SemanticVersionTest {

  /** The example of section 11 of the specification. */
  @Test
  void ordersAsTheSpecificationDoes() {
    List<SemanticVersion> ascending =
        List.of(
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-beta",
                "1.0.0-beta.2",
                "1.0.0-beta.11",
                "1.0.0-rc.1",
                "1.0.0",
                "1.0.1",
                "1.2.0",
                "2.0.0")
            .stream()
            .map(SemanticVersion::parse)
            .toList();
    assertThat(ascending).isSorted();
    for (int i = 1; i < ascending.size(); i++) {
      assertThat(ascending.get(i - 1)).isLessThan(ascending.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0", "1.2.3", "10.20.30", "1.0.0-x-y-z.4", "1.0.0-0A.is.legal"})
  void readsWhatItWrites(String text) {
    assertThat(SemanticVersion.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "01.2.3",
        "1.2.3-",
        "1.2.3-01",
        "1.2.3+build",
        "v1.2.3",
        "1.2.-3",
        "1.2.3-a..b",
        "99999999999.0.0",
        " 1.2.3",
        "1.2.3\n",
        "١.2.3"
      })
  void refusesEverythingElse(String text) {
    assertThatThrownBy(() -> SemanticVersion.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("allowed: major.minor.patch");
  }
}
