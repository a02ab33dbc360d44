package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import java.util.Random;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectionalCheckTest {

  /** The keys and values of three virtual tokens in a decoder of 30 layers: 34,560 numbers. */
  private static final int LAYERS = 30;

  private static final int HEADS = 3;
  private static final int HEAD_DIM = 64;
  private static final int PLANE = HEADS * HEAD_DIM;
  private static final int TOKENS = 3;
  private static final int N = TOKENS * 2 * LAYERS * PLANE;
  private static final float[] X = point();

  private static float[] point() {
    Random random = new Random(4);
    float[] x = new float[N];
    for (int i = 0; i < N; i++) {
      x[i] = (float) (0.5 * random.nextGaussian());
    }
    return x;
  }

  /** The plane of a number: 0 the keys of layer 0, 1 its values, and so on. */
  private static int plane(int i) {
    return i / PLANE % (2 * LAYERS);
  }

  /** Falls from plane to plane by four orders of magnitude in all. */
  private static double weight(int i) {
    return 0.1 * Math.pow(10, -2.0 * plane(i) / LAYERS) * Math.sin(i);
  }

  /** J = Σ wᵢ · sin 2xᵢ, rounded as a sum of log-probabilities would be. */
  private static double objective(float[] x) {
    double sum = -60;
    for (int i = 0; i < x.length; i++) {
      sum += weight(i) * Math.sin(2.0 * x[i]);
    }
    return (float) sum;
  }

  private static float[] gradient() {
    float[] gradient = new float[N];
    for (int i = 0; i < N; i++) {
      gradient[i] = (float) (2 * weight(i) * Math.cos(2.0 * X[i]));
    }
    return gradient;
  }

  private static float[] without(IntPredicate lost) {
    float[] gradient = gradient();
    for (int i = 0; i < N; i++) {
      gradient[i] = lost.test(i) ? 0 : gradient[i];
    }
    return gradient;
  }

  private static double error(float[] gradient, long seed) {
    Prefix prefix = KeyValuePrefix.of(LAYERS, HEADS, HEAD_DIM, X);
    return DirectionalCheck.relativeError(
        prefix,
        gradient,
        moved ->
            moved.stream().mapToDouble(at -> objective(((KeyValuePrefix) at).rows())).toArray(),
        seed);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void rightGradientPasses(long seed) {
    assertThat(error(gradient(), seed)).isLessThan(5e-3);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void missingPartFails(long seed) {
    Random random = new Random(8);

    assertThat(error(without(i -> random.nextBoolean()), seed)).as("half").isGreaterThan(0.5);
    assertThat(error(without(i -> random.nextInt(10) > 0), seed)).as("most").isGreaterThan(1);
    assertThat(error(without(i -> plane(i) % 2 == 0), seed)).as("keys").isGreaterThan(0.5);
    assertThat(error(without(i -> i < N / TOKENS), seed)).as("token").isGreaterThan(0.3);
    for (int lost : new int[] {0, 7, 20}) {
      assertThat(error(without(i -> plane(i) == lost), seed))
          .as("plane " + lost)
          .isGreaterThan(2 * GradientSession.MAX_ERROR);
    }
  }

  @Test
  void wrongSignScaleOrOrderFails() {
    float[] right = gradient();
    float[] negative = gradient();
    float[] larger = gradient();
    float[] reversed = gradient();
    for (int i = 0; i < N; i++) {
      negative[i] *= -1;
      larger[i] *= 1.3f;
      reversed[i] = right[N - 1 - i];
    }

    assertThat(error(negative, 1)).isGreaterThan(1);
    assertThat(error(larger, 1)).isGreaterThan(0.1);
    assertThat(error(reversed, 1)).isGreaterThan(0.1);
  }

  @Test
  void partOfASoftPromptThatIsMissingFails() {
    int hidden = N / TOKENS;
    Prefix prefix = SoftPrompt.of(hidden, EmbeddingSpace.LAYER_INPUT, X);
    DirectionalCheck.Objectives objectives =
        moved -> moved.stream().mapToDouble(at -> objective(((SoftPrompt) at).rows())).toArray();

    assertThat(DirectionalCheck.relativeError(prefix, gradient(), objectives, 1)).isLessThan(5e-3);
    assertThat(DirectionalCheck.relativeError(prefix, without(i -> i / hidden == 1), objectives, 1))
        .isGreaterThan(0.5);
  }

  @Test
  void gradientThatIsZeroOrNotANumberFails() {
    float[] gradient = gradient();
    gradient[3] = Float.NaN;

    assertThat(error(gradient, 1)).isInfinite();
    assertThat(error(new float[N], 1)).isInfinite();
  }
}
