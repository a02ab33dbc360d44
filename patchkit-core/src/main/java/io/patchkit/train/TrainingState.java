package io.patchkit.train;

import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.format.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Everything that changes while a training runs, and so everything that a checkpoint holds.
 * Mutable, not thread-safe.
 */
final class TrainingState {

  /** What the training started from, whose kind and sizes all its states have. */
  final Prefix start;

  final float[] parameters;
  final AdamW.Moments moments;

  /** Number of updates made. */
  int step;

  /**
   * Digest of all curves up to here: each step's is the digest of the one before and its numbers.
   */
  String curves;

  /** What the watch over the training has seen. */
  JsonObject watch = JsonObject.builder().build();

  /** What has computed it so far. */
  ComputedBy computedBy;

  @Nullable Best best;

  /** Judgements in a row without improvement. */
  int sinceImprovement;

  /** The criterion at the last improvement, which may be below the best by minImprovement. */
  double bar = Double.NEGATIVE_INFINITY;

  /**
   * The best state so far.
   *
   * @param criterion higher is better
   */
  record Best(int step, double criterion, Prefix prefix) {}

  private TrainingState(
      Prefix start, float[] parameters, AdamW.Moments moments, ComputedBy computedBy) {
    this.start = start;
    this.parameters = parameters;
    this.moments = moments;
    this.computedBy = computedBy;
    this.curves = "";
  }

  static TrainingState initial(Prefix start, ComputedBy here) {
    float[] parameters = numbers(start);
    return new TrainingState(start, parameters, AdamW.Moments.zero(parameters.length), here);
  }

  /** A state whose numbers were stored; the other fields are still to be set. */
  static TrainingState restored(
      Prefix start, float[] parameters, AdamW.Moments moments, ComputedBy computedBy) {
    return new TrainingState(start, parameters, moments, computedBy);
  }

  /** The prefix that the parameters are now. */
  Prefix prefix() {
    return prefix(start, parameters);
  }

  /** These numbers as a prefix of the kind and sizes of another. */
  static Prefix prefix(Prefix like, float[] numbers) {
    if (like instanceof SoftPrompt soft) {
      return SoftPrompt.of(soft.hiddenSize(), soft.space(), numbers);
    }
    KeyValuePrefix keyValue = (KeyValuePrefix) like;
    return KeyValuePrefix.of(
        keyValue.layers(), keyValue.keyValueHeads(), keyValue.headDim(), numbers);
  }

  static float[] numbers(Prefix prefix) {
    return prefix instanceof SoftPrompt soft ? soft.rows() : ((KeyValuePrefix) prefix).rows();
  }

  boolean isFinite() {
    for (float parameter : parameters) {
      if (!Float.isFinite(parameter)) {
        return false;
      }
    }
    return true;
  }
}
