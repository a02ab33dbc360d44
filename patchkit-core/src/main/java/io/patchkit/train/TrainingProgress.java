package io.patchkit.train;

import java.time.Duration;
import java.util.List;

/**
 * What one step found. Losses, rewards and the gradient are those before the step's update.
 *
 * @param step 0 … steps − 1
 * @param steps of the whole training
 * @param loss Σ weight · loss over the terms
 * @param terms one for each term, in the plan's order
 * @param gradientNorm Euclidean, before clipping
 * @param learningRate of this step
 * @param tokens that went through the model in this step
 * @param tokensPerSecond of this step; 0 where no time passed
 * @param elapsed since the training was started or resumed
 * @param remaining estimated from the mean times of a step and of a judgement so far, as if all
 *     steps were made
 */
public record TrainingProgress(
    int step,
    int steps,
    double loss,
    List<TermProgress> terms,
    double gradientNorm,
    double learningRate,
    long tokens,
    double tokensPerSecond,
    Duration elapsed,
    Duration remaining) {

  public TrainingProgress {
    terms = List.copyOf(terms);
  }
}
