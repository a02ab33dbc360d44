package io.patchkit.train;

import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.ModelShape;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;

/** The prefix that a training starts from, held against the model that it is to fit. */
final class TrainingStart {

  private TrainingStart() {}

  /**
   * The plan's start. Soft prompts are trained as the first layer receives them: one that lives
   * before the model's embedding scale is moved to the other side.
   *
   * @throws IllegalArgumentException if it does not fit, or nothing of it is left to train
   */
  static Prefix of(TrainingPlan plan, DifferentiableModel model) {
    ModelShape shape = model.shape();
    Prefix start = plan.initialisation().prefix(model, plan.seed());
    if (!fits(start, shape)) {
      throw new IllegalArgumentException(
          "the start is " + start + ", which does not fit the model's " + shape);
    }
    if (plan.frozenPositions() >= start.length()) {
      throw new IllegalArgumentException(
          "frozenPositions is "
              + plan.frozenPositions()
              + "; allowed: fewer than the "
              + start.length()
              + " positions of the prefix");
    }
    return start instanceof SoftPrompt soft ? layerInput(soft, shape.embeddingScale()) : start;
  }

  private static boolean fits(Prefix start, ModelShape shape) {
    if (start instanceof SoftPrompt soft) {
      return soft.hiddenSize() == shape.hiddenSize();
    }
    return start instanceof KeyValuePrefix keyValue
        && keyValue.layers() == shape.layers()
        && keyValue.keyValueHeads() == shape.keyValueHeads()
        && keyValue.headDim() == shape.headDim();
  }

  private static SoftPrompt layerInput(SoftPrompt soft, float scale) {
    if (soft.space() == EmbeddingSpace.LAYER_INPUT) {
      return soft;
    }
    if (soft.space() == EmbeddingSpace.UNSPECIFIED && scale != 1) {
      throw new IllegalArgumentException(
          "the start does not say whether it lives before or after the model's embedding scale "
              + scale
              + "; allowed: a soft prompt in the space TOKEN_TABLE or LAYER_INPUT");
    }
    float[] rows = soft.rows();
    for (int i = 0; i < rows.length; i++) {
      rows[i] *= scale;
    }
    return SoftPrompt.of(soft.hiddenSize(), EmbeddingSpace.LAYER_INPUT, rows);
  }
}
