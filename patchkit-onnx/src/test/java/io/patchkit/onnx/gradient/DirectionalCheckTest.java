package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.EmbeddingSpace;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import java.util.List;
import org.junit.jupiter.api.Test;

class DirectionalCheckTest {

  private static final int N = 24;

  /** J = Σ (i + 1) · xᵢ². */
  private static double[] objectives(List<Prefix> prefixes) {
    return prefixes.stream()
        .mapToDouble(
            prefix -> {
              float[] x = ((SoftPrompt) prefix).rows();
              double sum = 0;
              for (int i = 0; i < N; i++) {
                sum += (i + 1) * (double) x[i] * x[i];
              }
              return sum;
            })
        .toArray();
  }

  private static float[] gradient(float[] x) {
    float[] gradient = new float[N];
    for (int i = 0; i < N; i++) {
      gradient[i] = 2 * (i + 1) * x[i];
    }
    return gradient;
  }

  private static float[] point() {
    float[] x = new float[N];
    for (int i = 0; i < N; i++) {
      x[i] = (float) Math.sin(i + 1);
    }
    return x;
  }

  private static double error(float[] gradient) {
    Prefix prefix = SoftPrompt.of(N, EmbeddingSpace.LAYER_INPUT, point());
    return DirectionalCheck.relativeError(prefix, gradient, DirectionalCheckTest::objectives, 3);
  }

  @Test
  void rightGradientPasses() {
    assertThat(error(gradient(point()))).isLessThan(1e-3);
  }

  @Test
  void wrongSignScaleOrComponentFails() {
    float[] negative = gradient(point());
    float[] larger = gradient(point());
    float[] reversed = gradient(point());
    for (int i = 0; i < N; i++) {
      negative[i] *= -1;
      larger[i] *= 1.3f;
    }
    for (int i = 0; i < N; i++) {
      reversed[i] = gradient(point())[N - 1 - i];
    }

    assertThat(error(negative)).isGreaterThan(0.1);
    assertThat(error(larger)).isGreaterThan(0.1);
    assertThat(error(reversed)).isGreaterThan(0.1);
  }

  @Test
  void gradientThatIsNotANumberFails() {
    float[] gradient = gradient(point());
    gradient[3] = Float.NaN;

    assertThat(error(gradient)).isInfinite();
  }
}
