package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.SoftPrompt;
import org.junit.jupiter.api.Test;

class StepSizesTest {

  private static final double TINY = 1e-7;

  private final TinyModel model = new TinyModel(4);

  /** Two positions of one head with two numbers: keys and values of layer 0, then of layer 1. */
  private final KeyValuePrefix prefix =
      KeyValuePrefix.of(
          2, 1, 2, new float[] {9, 9, 9, 9, 9, 9, 9, 9, 3, 4, 0.6f, 0.8f, 0, 0, -5, 12});

  @Test
  void eachPlaneHasTheRootMeanSquareOfItsNumbers() {
    StepSizes sizes = StepSizes.relativeTo(prefix, 1);
    double[] planes = {Math.sqrt(12.5), Math.sqrt(0.5), 1e-3, Math.sqrt(84.5)};
    for (int i = 0; i < 16; i++) {
      assertThat(sizes.of(i)).as("number %d", i).isCloseTo(planes[i / 2 % 4], within(TINY));
    }
  }

  @Test
  void allPositionsCountWhereNoneIsFrozen() {
    assertThat(StepSizes.relativeTo(prefix, 0).of(0))
        .isCloseTo(Math.sqrt((81 + 81 + 9 + 16) / 4.0), within(TINY));
  }

  @Test
  void aSoftPromptIsOnePlane() {
    SoftPrompt soft = SoftPrompt.of(3, EmbeddingSpace.LAYER_INPUT, new float[] {1, 2, 2, 4, 0, 4});
    StepSizes sizes = StepSizes.relativeTo(soft, 0);
    assertThat(sizes.of(0)).isEqualTo(sizes.of(5)).isCloseTo(Math.sqrt(41 / 6.0), within(TINY));
  }

  @Test
  void equalSizesAreOne() {
    assertThat(StepSizes.equal().of(0)).isEqualTo(1);
    assertThat(StepSizes.equal().of(12_345)).isEqualTo(1);
  }

  /** Adam's first step is as long as its rate, whatever the gradient. */
  @Test
  void relativeStepsAreAFractionOfWhatTheKeysAndTheValuesWereAtTheStart() {
    TrainingPlan plan =
        TrainingPlan.of(
                new Initialisation.Instruction("bad", Parametrisation.KEY_VALUE, 4),
                1,
                Term.steer("refuse", Sft.of(TinyData.refusals(model)), 4))
            .withLearningRate(LearningRate.constant(0.01))
            .withRelativeSteps(true)
            .withFrozenPositions(1);
    KeyValuePrefix before = (KeyValuePrefix) plan.initialisation().prefix(model, 0);
    KeyValuePrefix after = (KeyValuePrefix) PatchTrainer.of(model, plan).train().prefix();
    double keys = rootMeanSquare(behindFirst(before.keys(0)));
    double values = rootMeanSquare(behindFirst(before.values(0)));
    assertThat(keys).isNotCloseTo(values, withinPercentage(5));
    requireMoved(behindFirst(before.keys(0)), behindFirst(after.keys(0)), 0.01 * keys);
    requireMoved(behindFirst(before.values(0)), behindFirst(after.values(0)), 0.01 * values);
  }

  @Test
  void relativeStepsOfASoftPromptAreThoseOfAnotherRate() {
    TrainingPlan equal =
        TrainingPlan.of(
            new Initialisation.RandomNormal(Parametrisation.SOFT_PROMPT, 4, 0.3),
            6,
            Term.steer("refuse", Sft.of(TinyData.refusals(model)), 4));
    double size = rootMeanSquare(TrainingState.numbers(equal.initialisation().prefix(model, 0)));
    TrainingPlan relative =
        equal.withRelativeSteps(true).withLearningRate(LearningRate.cosine(0.1 / size));
    float[] expected =
        TrainingState.numbers(
            PatchTrainer.of(model, equal.withLearningRate(LearningRate.cosine(0.1)))
                .train()
                .prefix());
    assertThat(TrainingState.numbers(PatchTrainer.of(model, relative).train().prefix()))
        .containsExactly(expected, within(1e-5f));
    assertThat(size).isLessThan(0.5);
  }

  private static void requireMoved(float[] before, float[] after, double by) {
    for (int i = 0; i < before.length; i++) {
      assertThat((double) Math.abs(after[i] - before[i])).isCloseTo(by, withinPercentage(0.5));
    }
  }

  /** A plane [heads, 4, headDim] without the first position of each head. */
  private static float[] behindFirst(float[] plane) {
    int width = TinyModel.HEAD_DIM;
    float[] rest = new float[plane.length * 3 / 4];
    for (int head = 0; head < TinyModel.HEADS; head++) {
      System.arraycopy(plane, (4 * head + 1) * width, rest, 3 * head * width, 3 * width);
    }
    return rest;
  }

  private static double rootMeanSquare(float[] numbers) {
    double squares = 0;
    for (float number : numbers) {
      squares += (double) number * number;
    }
    return Math.sqrt(squares / numbers.length);
  }
}
