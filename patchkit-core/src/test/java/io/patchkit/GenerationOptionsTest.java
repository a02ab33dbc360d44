package io.patchkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationOptionsTest {

  private final GenerationOptions options = GenerationOptions.defaults();

  @Test
  void namesTheFieldTheValueAndWhatIsAllowed() {
    assertThatThrownBy(() -> options.withMaxNewTokens(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxNewTokens is 0; allowed: at least 1");
    assertThatThrownBy(() -> options.withTopK(-1)).hasMessageContaining("topK is -1");
    assertThatThrownBy(() -> options.withStopStrings("a", "")).hasMessageContaining("stopStrings");
    assertThatThrownBy(() -> options.withTimeLimit(Duration.ZERO))
        .hasMessageContaining("timeLimit");
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, Double.NaN, Double.POSITIVE_INFINITY, 101})
  void refusesNumbersThatAreNoSamplingParameters(double bad) {
    assertThatThrownBy(() -> options.withTemperature(bad)).hasMessageContaining("temperature is");
    assertThatThrownBy(() -> options.withTopP(bad)).hasMessageContaining("topP is");
    assertThatThrownBy(() -> options.withMinP(bad)).hasMessageContaining("minP is");
    assertThatThrownBy(() -> options.withRepetitionPenalty(bad))
        .hasMessageContaining("repetitionPenalty is");
  }

  @Test
  void changesOneThingAtATime() {
    GenerationOptions changed =
        options.withSeed(5).withTopP(0.9).withTemperature(0.7).withMaxNewTokens(3);
    assertThat(changed.seed()).isEqualTo(5);
    assertThat(changed.topP()).isEqualTo(0.9);
    assertThat(changed.isGreedy()).isFalse();
    assertThat(changed.withSeed(0).withTopP(1).withTemperature(0).withMaxNewTokens(256))
        .isEqualTo(options);
  }
}
