package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.SemanticVersion;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cases are those of npm's semver, whose README and fixtures say what the ranges mean. */
class VersionRangeTest {

  @ParameterizedTest
  @CsvSource({
    "^1.2.3, 1.2.3, true",
    "^1.2.3, 1.9.9, true",
    "^1.2.3, 1.2.2, false",
    "^1.2.3, 2.0.0, false",
    "^1.2.3, 2.0.0-alpha, false",
    "^0.2.3, 0.2.9, true",
    "^0.2.3, 0.3.0, false",
    "^0.0.3, 0.0.3, true",
    "^0.0.3, 0.0.4, false",
    "~1.2.3, 1.2.9, true",
    "~1.2.3, 1.3.0, false",
    "1.2.3, 1.2.3, true",
    "1.2.3, 1.2.4, false",
    ">=1.0.0 <2.0.0, 1.5.0, true",
    ">=1.0.0 <2.0.0, 2.0.0, false",
    ">1.0.0, 1.0.0, false",
    "<=1.0.0, 1.0.0, true",
    "*, 3.4.5, true",
    "*, 3.4.5-rc.1, false",
    ">1.2.3-alpha.3, 1.2.3-alpha.7, true",
    ">1.2.3-alpha.3, 3.4.5-alpha.9, false",
    "^1.2.3-beta.2, 1.2.3-beta.4, true",
    "^1.2.3-beta.2, 1.2.4-beta.2, false",
    "1.0.0-rc.1, 1.0.0-rc.1, true",
  })
  void contains(String range, String version, boolean expected) {
    assertThat(VersionRange.parse(range).contains(SemanticVersion.parse(version)))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1", "1.x", ">", "1.2.3 || 2.0.0", "^^1.0.0", "1.0.0+a", "latest"})
  void refuses(String range) {
    assertThatThrownBy(() -> VersionRange.parse(range))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("allowed");
  }

  @Test
  void eightComparisonsAreAllowed() {
    String seven = ">=1.0.0 ".repeat(7);
    assertThat(VersionRange.parse(seven + "<2.0.0").contains(new SemanticVersion(1, 5, 0, "")))
        .isTrue();
    assertThatThrownBy(() -> VersionRange.parse(seven + "<2.0.0 <3.0.0"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("allowed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.2.3", "1.2.3-rc.1"})
  void aVersionIsARangeOfItsOwn(String text) {
    SemanticVersion version = SemanticVersion.parse(text);
    VersionRange range = VersionRange.of(version);
    assertThat(range).hasToString(text);
    assertThat(range.contains(version)).isTrue();
    assertThat(range.contains(SemanticVersion.parse("1.2.4"))).isFalse();
    assertThat(range.contains(SemanticVersion.parse("1.2.3-rc.2"))).isFalse();
  }

  @Test
  void theHighestIsByPrecedenceNotByText() {
    List<SemanticVersion> versions =
        List.of(
            SemanticVersion.parse("1.9.0"),
            SemanticVersion.parse("1.10.0"),
            SemanticVersion.parse("2.0.0"));
    assertThat(VersionRange.parse("^1.0.0").highest(versions))
        .isEqualTo(SemanticVersion.parse("1.10.0"));
    assertThat(VersionRange.parse("^3.0.0").highest(versions)).isNull();
  }
}
