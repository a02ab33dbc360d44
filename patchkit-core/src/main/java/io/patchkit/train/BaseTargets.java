package io.patchkit.train;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * What the base model without a prefix makes of the benign examples: computed when an example is
 * first met, then kept while there is room, and in any case until others are computed. Examples are
 * computed in fixed groups, since the last bits of a row depend on the rows beside it, and a
 * training that is resumed asks for them in another order. Not thread-safe.
 */
final class BaseTargets {

  /** Targets that are kept at most: 12 bytes each, hence some 50 MB. */
  private static final long ROOM = 4L << 20;

  private final DifferentiableModel model;
  private final Counterfactual objective;
  private final IntFunction<int[]> group;
  private final long room;
  private final Map<Integer, SoftTargets> kept = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Integer, SoftTargets> computedLast = new HashMap<>();
  private long size;

  /**
   * @param group the examples that are computed together with one, itself among them: parts of a
   *     partition of the data
   */
  BaseTargets(DifferentiableModel model, Counterfactual objective, IntFunction<int[]> group) {
    this(model, objective, group, ROOM);
  }

  /**
   * @param room how many targets are kept at most, those computed last aside
   */
  BaseTargets(
      DifferentiableModel model, Counterfactual objective, IntFunction<int[]> group, long room) {
    this.model = model;
    this.objective = objective;
    this.group = group;
    this.room = room;
  }

  SoftTargets of(int example) {
    SoftTargets known = kept.get(example);
    if (known != null) {
      return known;
    }
    if (!computedLast.containsKey(example)) {
      compute(example);
    }
    return Objects.requireNonNull(computedLast.get(example));
  }

  private void compute(int example) {
    int[] together = group.apply(example);
    List<AnswerTokens> rows = new ArrayList<>();
    for (int member : together) {
      rows.add(objective.data().get(member));
    }
    List<SoftTargets> found = SoftTargets.of(model, null, rows, objective.k());
    computedLast.clear();
    for (int i = 0; i < together.length; i++) {
      computedLast.put(together[i], found.get(i));
      SoftTargets before = kept.put(together[i], found.get(i));
      size += found.get(i).size() - (before == null ? 0 : before.size());
    }
    dropOldest();
  }

  private void dropOldest() {
    Iterator<SoftTargets> oldestFirst = kept.values().iterator();
    while (size > room && oldestFirst.hasNext()) {
      size -= oldestFirst.next().size();
      oldestFirst.remove();
    }
  }
}
