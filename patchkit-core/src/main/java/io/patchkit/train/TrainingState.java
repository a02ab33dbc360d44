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

  /** The kind and sizes that all states of a training share. */
  private final Prefix start;

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

  private TrainingState(Prefix start, float[] parameters, AdamW.Moments moments) {
    this.start = start;
    this.parameters = parameters;
    this.moments = moments;
    this.curves = "";
  }

  static TrainingState initial(Prefix start) {
    float[] parameters = numbers(start);
    return new TrainingState(start, parameters, AdamW.Moments.zero(parameters.length));
  }

  /** A state whose numbers were stored; the other fields are still to be set. */
  static TrainingState restored(Prefix start, float[] parameters, AdamW.Moments moments) {
    return new TrainingState(start, parameters, moments);
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
