package io.patchkit.onnx.gradient;

import java.util.Arrays;

/**
 * One row of a batch: a text, and what it contributes to the objective J = Σ weight · log p(target
 * | prefix, tokens before the position).
 */
public final class Example {

  private final int[] tokens;
  private final int[] positions;
  private final int[][] targets;
  private final float[][] weights;

  /**
   * A row.
   *
   * @param tokens the whole text, prompt and completion
   * @param positions indices of tokens that are predicted, ascending
   * @param targets for each position the token ids whose probability counts, [positions][K]
   * @param weights for each of them its weight, [positions][K]
   */
  public Example(int[] tokens, int[] positions, int[][] targets, float[][] weights) {
    if (positions.length == 0
        || targets.length != positions.length
        || weights.length != positions.length) {
      throw new IllegalArgumentException(
          "positions, targets and weights must be of one length above 0, found "
              + positions.length
              + ", "
              + targets.length
              + " and "
              + weights.length);
    }
    for (int i = 0; i < positions.length; i++) {
      if (positions[i] < (i == 0 ? 0 : positions[i - 1] + 1) || positions[i] >= tokens.length) {
        throw new IllegalArgumentException(
            "positions must ascend within 0 to "
                + (tokens.length - 1)
                + ", found "
                + Arrays.toString(positions));
      }
      if (targets[i].length == 0 || targets[i].length != weights[i].length) {
        throw new IllegalArgumentException(
            "every position must have as many weights as targets, found "
                + weights[i].length
                + " and "
                + targets[i].length);
      }
    }
    this.tokens = tokens.clone();
    this.positions = positions.clone();
    this.targets = targets.clone();
    this.weights = weights.clone();
    for (int i = 0; i < positions.length; i++) {
      this.targets[i] = targets[i].clone();
      this.weights[i] = weights[i].clone();
    }
  }

  /** A completion in which every token's log-probability counts with the same weight. */
  public static Example of(int[] prompt, int[] completion, float weight) {
    float[] weights = new float[prompt.length + completion.length];
    Arrays.fill(weights, prompt.length, weights.length, weight);
    int[] tokens = Arrays.copyOf(prompt, weights.length);
    System.arraycopy(completion, 0, tokens, prompt.length, completion.length);
    return weighted(tokens, weights);
  }

  /**
   * A text in which the log-probability of token i counts with weight i; tokens of weight 0 are not
   * predicted.
   */
  public static Example weighted(int[] tokens, float[] weights) {
    int count = 0;
    for (float weight : weights) {
      count += weight != 0 ? 1 : 0;
    }
    int[] positions = new int[count];
    int[][] targets = new int[count][];
    float[][] kept = new float[count][];
    int next = 0;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] != 0) {
        positions[next] = i;
        targets[next] = new int[] {tokens[i]};
        kept[next++] = new float[] {weights[i]};
      }
    }
    return new Example(tokens, positions, targets, kept);
  }

  /** How many positions are predicted. */
  public int positions() {
    return positions.length;
  }

  int token(int index) {
    return tokens[index];
  }

  int position(int index) {
    return positions[index];
  }

  /** How many targets a position has. */
  int targets(int position) {
    return targets[position].length;
  }

  int target(int position, int index) {
    return targets[position][index];
  }

  float weight(int position, int index) {
    return weights[position][index];
  }

  /** How many tokens must be read so that every position can be predicted. */
  int length() {
    return positions[positions.length - 1];
  }

  /** The largest number of targets at a position. */
  int width() {
    int width = 0;
    for (int[] choices : targets) {
      width = Math.max(width, choices.length);
    }
    return width;
  }
}
