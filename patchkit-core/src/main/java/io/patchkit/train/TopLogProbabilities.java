package io.patchkit.train;

import java.util.ArrayList;
import java.util.List;

/**
 * The likeliest tokens at consecutive positions, likeliest first, with the natural logarithms of
 * their probabilities. Immutable.
 */
public final class TopLogProbabilities {

  private final List<int[]> ids;
  private final List<double[]> logProbabilities;

  private TopLogProbabilities(List<int[]> ids, List<double[]> logProbabilities) {
    this.ids = ids;
    this.logProbabilities = logProbabilities;
  }

  /**
   * The tokens of each position from their parts, which are copied.
   *
   * @param ids for each position its k ids, likeliest first
   * @param logProbabilities of the same shape
   */
  public static TopLogProbabilities of(List<int[]> ids, List<double[]> logProbabilities) {
    if (ids.size() != logProbabilities.size()) {
      throw new IllegalArgumentException(
          "ids has "
              + ids.size()
              + " positions, logProbabilities "
              + logProbabilities.size()
              + "; allowed: equally many");
    }
    List<int[]> idCopies = new ArrayList<>(ids.size());
    List<double[]> logProbabilityCopies = new ArrayList<>(ids.size());
    for (int i = 0; i < ids.size(); i++) {
      if (ids.get(i).length != logProbabilities.get(i).length) {
        throw new IllegalArgumentException(
            "position "
                + i
                + " has "
                + ids.get(i).length
                + " ids and "
                + logProbabilities.get(i).length
                + " logProbabilities; allowed: equally many");
      }
      idCopies.add(ids.get(i).clone());
      logProbabilityCopies.add(logProbabilities.get(i).clone());
    }
    return new TopLogProbabilities(List.copyOf(idCopies), List.copyOf(logProbabilityCopies));
  }

  /** Number of positions. */
  public int positions() {
    return ids.size();
  }

  /** A copy of the ids of one position, counted from the first asked for. */
  public int[] ids(int position) {
    return ids.get(position).clone();
  }

  /** A copy of the log-probabilities of one position, in the order of its ids. */
  public double[] logProbabilities(int position) {
    return logProbabilities.get(position).clone();
  }
}
