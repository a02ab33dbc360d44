package io.patchkit.train;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the base model without a prefix makes of the benign examples: computed when an example is
 * first met, then kept while there is room. Not thread-safe.
 */
final class BaseTargets {

  /** Targets that are kept at most: 12 bytes each, hence some 50 MB. */
  private static final long ROOM = 4L << 20;

  private final DifferentiableModel model;
  private final Counterfactual objective;
  private final Map<Integer, SoftTargets> kept = new LinkedHashMap<>(16, 0.75f, true);
  private long size;

  BaseTargets(DifferentiableModel model, Counterfactual objective) {
    this.model = model;
    this.objective = objective;
  }

  SoftTargets of(int example) {
    SoftTargets targets = kept.get(example);
    if (targets == null) {
      targets = SoftTargets.of(model, null, objective.data().get(example), objective.k());
      kept.put(example, targets);
      size += targets.size();
      dropOldest();
    }
    return targets;
  }

  private void dropOldest() {
    Iterator<SoftTargets> oldestFirst = kept.values().iterator();
    while (size > ROOM && oldestFirst.hasNext()) {
      size -= oldestFirst.next().size();
      oldestFirst.remove();
    }
  }
}
