package io.patchkit.onnx.gradient;

/**
 * Which inputs a gradient graph has.
 *
 * @param ids the input of token ids
 * @param hasMask whether it takes an attention mask
 * @param hasPositions whether it takes positions
 * @param hasLoss whether it takes targets and weights
 * @param prefix how the trained numbers are fed
 */
record GradientInputs(
    String ids, boolean hasMask, boolean hasPositions, boolean hasLoss, PrefixLayout prefix) {

  static final String MASK = "attention_mask";
  static final String POSITIONS = "position_ids";
}
