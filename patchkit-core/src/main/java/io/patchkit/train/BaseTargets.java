package io.patchkit.train;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * What the base model without a prefix makes of the benign examples: computed when an example is
 * first met, then kept if there is room, and in any case until others are computed. Nothing makes
 * room for another: every epoch asks in another order, and what was used longest ago may be next.
 * Examples are computed in fixed groups, since the last bits of a row depend on the rows beside it,
 * and a training that is resumed asks for them in another order. Not thread-safe.
 */
final class BaseTargets {

  /** Of an id and its probability. */
  private static final long TARGET_BYTES = 12;

  /** Part of the heap that one term may take. */
  private static final long HEAP_SHARE = 16;

  private final DifferentiableModel model;
  private final Counterfactual objective;
  private final IntFunction<int[]> group;
  private final long room;
  private final Map<Integer, SoftTargets> kept = new HashMap<>();
  private final Map<Integer, SoftTargets> computedLast = new HashMap<>();
  private long size;

  /**
   * @param group the examples that are computed together with one, itself among them: parts of a
   *     partition of the data
   */
  BaseTargets(DifferentiableModel model, Counterfactual objective, IntFunction<int[]> group) {
    this(model, objective, group, Runtime.getRuntime().maxMemory() / HEAP_SHARE / TARGET_BYTES);
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
      int targets = found.get(i).size();
      if (size + targets <= room && kept.putIfAbsent(together[i], found.get(i)) == null) {
        size += targets;
      }
    }
  }
}
