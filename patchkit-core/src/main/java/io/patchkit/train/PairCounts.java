package io.patchkit.train;

/**
 * What became of the candidates for a file of pairs, earlier runs of the same file included.
 *
 * @param kept written to the file
 * @param identical dropped because chosen and rejected are one text
 * @param chosenTooLow dropped because the winner's score is below the threshold
 * @param marginTooLow dropped because the winner is not better enough
 * @param unanswered not asked again because the safer reference or the base has no answer to the
 *     prompt, or the prompt does not fit a model's context
 * @param duplicates dropped because the same prompt, or pair, came before in this run
 */
public record PairCounts(
    long kept,
    long identical,
    long chosenTooLow,
    long marginTooLow,
    long unanswered,
    long duplicates) {

  /** All candidates. */
  public long candidates() {
    return kept + identical + chosenTooLow + marginTooLow + unanswered + duplicates;
  }
}
