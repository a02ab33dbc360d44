package io.patchkit.train;

import io.patchkit.BaseModel;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The facts that a trained patch carries of its plan and model, enough to train it again and to
 * know that one did.
 */
final class Provenance {

  private Provenance() {}

  /**
   * @param criterion name of what chose among the states, null where the last was taken
   */
  static Map<String, String> of(
      TrainingPlan plan, DifferentiableModel model, @Nullable String criterion) {
    Map<String, String> facts = new HashMap<>();
    if (plan.initialisation() instanceof Initialisation.From from) {
      from.history().forEach((key, value) -> facts.put("before." + key, value));
    }
    BaseModel base = model.base();
    facts.put("base.name", base.name());
    facts.put("base.fingerprints", String.join(" ", base.fingerprints()));
    facts.put("plan", plan.describe());
    facts.put("plan.sha256", plan.digest());
    facts.put("seed", Long.toString(plan.seed()));
    facts.put("selection", criterion == null ? "last state" : criterion);
    for (Term term : plan.terms()) {
      facts.put("data." + term.name() + ".sha256", term.objective().dataDigest());
      facts.put("data." + term.name() + ".examples", Integer.toString(term.objective().size()));
    }
    return facts;
  }
}
