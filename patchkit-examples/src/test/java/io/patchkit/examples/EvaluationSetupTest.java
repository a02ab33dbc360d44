package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EvaluationSetupTest {

  @Test
  void dropsNoPatchOfANameThatIsTaken() {
    EvaluationSetup two = EvaluationSetup.parse("--patch", "a=x", "--patch", "b=y");
    assertThat(two.patches().values()).containsExactly(Path.of("x"), Path.of("y"));
    EvaluationSetup twice = EvaluationSetup.parse("--patch", "a=x", "--patch", "a=y");
    assertThatThrownBy(twice::patches)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("two patches are called a; say NAME=DIR to tell them apart");
  }

  @Test
  void takesNoForNo() {
    assertThat(attach("no").isYes("attach", false)).isFalse();
    assertThat(attach("yes").isYes("attach", false)).isTrue();
    assertThat(attach("yes").isYes("other", true)).isTrue();
    assertThatThrownBy(() -> attach("maybe").isYes("attach", false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("--attach is 'maybe'; allowed: yes or no");
  }

  private static ExampleArguments attach(String value) {
    return ExampleArguments.parse("", Set.of("attach"), "--attach", value);
  }
}
