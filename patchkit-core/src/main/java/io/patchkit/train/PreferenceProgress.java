package io.patchkit.train;

/**
 * How a batch of pairs stands, before the step's update. Rewards are those of {@link Dpo}.
 *
 * @param rewardChosen mean reward of the chosen answers
 * @param rewardRejected mean reward of the rejected answers
 * @param margin mean of rewardChosen − rewardRejected
 * @param accuracy share of pairs with a margin above 0
 */
public record PreferenceProgress(
    double rewardChosen, double rewardRejected, double margin, double accuracy) {}
