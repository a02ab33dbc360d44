package io.patchkit.train;

import java.util.List;

/**
 * Some examples of one objective on their way through the model: rows go in, their
 * log-probabilities come out, and the loss is a function of those.
 */
interface BoundBatch {

  /** The rows that the loss is a function of, at least one. */
  List<TrainingRow> rows();

  /**
   * Whether the loss is a linear function of the log-probabilities. The rows' weights are then its
   * coefficients; otherwise they say nothing.
   */
  boolean isLinear();

  /**
   * The rows, weighted so that J over all of them has the loss's gradient.
   *
   * @param logProbabilities of the rows' targets, row by row; not read where the loss is linear
   */
  List<TrainingRow> weighted(List<double[]> logProbabilities);

  /**
   * The loss.
   *
   * @param logProbabilities of the rows' targets, row by row
   */
  BatchLoss loss(List<double[]> logProbabilities);
}
