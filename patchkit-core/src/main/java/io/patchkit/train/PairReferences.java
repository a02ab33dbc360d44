package io.patchkit.train;

import io.patchkit.Prefix;
import io.patchkit.train.ReferencePolicy.PairScore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the reference policy of a preference optimisation thinks of its pairs: computed when a pair
 * is first met, in fixed groups, and kept. Not thread-safe.
 */
final class PairReferences {

  private static final PairScore NOTHING = new PairScore(0, 0);

  private final Dpo dpo;
  private final DifferentiableModel model;
  private final Prefix start;
  private final IntFunction<int[]> group;
  private final Map<Integer, PairScore> known = new HashMap<>();

  /**
   * @param start the prefix that the training starts from
   * @param group the pairs that are computed together with one, itself among them: parts of a
   *     partition of the data
   */
  PairReferences(Dpo dpo, DifferentiableModel model, Prefix start, IntFunction<int[]> group) {
    this.dpo = dpo;
    this.model = model;
    this.start = start;
    this.group = group;
  }

  PairScore of(int item) {
    if (dpo.reference() instanceof ReferencePolicy.None) {
      return NOTHING;
    }
    if (dpo.reference() instanceof ReferencePolicy.Scored scored) {
      return scored.scores().get(item);
    }
    if (!known.containsKey(item)) {
      compute(group.apply(item));
    }
    return Objects.requireNonNull(known.get(item));
  }

  private void compute(int[] together) {
    List<TrainingRow> asked = new ArrayList<>();
    for (int item : together) {
      asked.addAll(new PairRows(dpo.data().get(item)).rows(1, 1));
    }
    RowLogProbabilities found = model.logProbabilities(prefix(), asked);
    int next = 0;
    for (int item : together) {
      PairRows pair = new PairRows(dpo.data().get(item));
      List<double[]> rows = new ArrayList<>();
      for (int i = 0; i < pair.count(); i++) {
        rows.add(found.row(next++));
      }
      PairRows.Sums sums = pair.sums(rows);
      known.put(item, new PairScore(sums.chosen(), sums.rejected()));
    }
  }

  private @Nullable Prefix prefix() {
    if (dpo.reference() instanceof ReferencePolicy.Patched patched) {
      return patched.prefix();
    }
    return dpo.reference() instanceof ReferencePolicy.Start ? start : null;
  }
}
