package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OciOptionsTest {

  private static void assertRefused(String field, ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(field + " is ", "allowed: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT-0.000000001S", "PT-1S", "P365DT0.000000001S", "P200000D"})
  void timesAreAboveZeroAndAtMostAYear(Duration time) {
    OciOptions options = OciOptions.defaults();
    assertRefused("deadline", () -> options.withDeadline(time));
    assertRefused("idleTimeout", () -> options.withIdleTimeout(time));
    assertRefused("firstPause", () -> options.withFirstPause(time));
  }

  @Test
  void oneAttemptIsEnough() {
    assertThat(OciOptions.defaults().withAttempts(1).attempts()).isEqualTo(1);
    for (int attempts : List.of(0, -1)) {
      assertRefused("attempts", () -> OciOptions.defaults().withAttempts(attempts));
    }
  }

  @Test
  void aCopyDiffersInOneThing() {
    RegistryCredentials anonymous = RegistryCredentials.anonymous();
    Duration deadline = Duration.ofMinutes(5);
    Duration idle = Duration.ofSeconds(20);
    Duration pause = Duration.ofMillis(250);
    assertThat(OciOptions.defaults().withPlainHttp(true))
        .isEqualTo(new OciOptions(anonymous, true, deadline, idle, 5, pause, null));
    assertThat(OciOptions.defaults())
        .isEqualTo(new OciOptions(anonymous, false, deadline, idle, 5, pause, null));
  }
}
