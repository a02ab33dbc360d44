package io.patchkit.train;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** A training plan as a JSON object: every knob, and digests in place of data. */
final class PlanJson {

  /** Longer instructions are named by their digest, for a manifest holds short texts. */
  private static final int LONGEST_TEXT = 8192;

  private PlanJson() {}

  static JsonObject of(TrainingPlan plan) {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("initialisation", initialisation(plan.initialisation()))
            .put("terms", terms(plan.terms()))
            .put("steps", plan.steps())
            .put("learningRate", learningRate(plan.learningRate()))
            .put("optimizer", optimizer(plan.optimizer()))
            .put("relativeSteps", plan.relativeSteps())
            .put("frozenPositions", plan.frozenPositions())
            .put("microBatch", plan.microBatch())
            .put("seed", plan.seed());
    if (Double.isFinite(plan.maxGradientNorm())) {
      json.put("maxGradientNorm", plan.maxGradientNorm());
    }
    Validation validation = plan.validation();
    if (validation != null) {
      json.put(
          "validation",
          JsonObject.builder()
              .put("everySteps", validation.everySteps())
              .put("patience", validation.patience())
              .put("minImprovement", validation.minImprovement())
              .put("heldOut", terms(validation.heldOut()))
              .build());
    }
    return json.build();
  }

  private static JsonObject initialisation(Initialisation initialisation) {
    if (initialisation instanceof Initialisation.Instruction instruction) {
      JsonObject.Builder json = JsonObject.builder().put("kind", "instruction");
      String text = instruction.text();
      if (text.length() > LONGEST_TEXT) {
        json.put("textSha256", DataDigest.sha256(text));
      } else {
        json.put("text", text);
      }
      return json.put("parametrisation", instruction.parametrisation().name())
          .put("length", instruction.length())
          .build();
    }
    if (initialisation instanceof Initialisation.RandomNormal normal) {
      return JsonObject.builder()
          .put("kind", "random")
          .put("parametrisation", normal.parametrisation().name())
          .put("length", normal.length())
          .put("std", normal.std())
          .build();
    }
    Initialisation.From from = (Initialisation.From) initialisation;
    return JsonObject.builder().put("kind", "prefix").put("digest", from.prefix().digest()).build();
  }

  private static JsonObject learningRate(LearningRate learningRate) {
    if (learningRate instanceof LearningRate.Constant constant) {
      return JsonObject.builder().put("kind", "constant").put("rate", constant.rate()).build();
    }
    LearningRate.Cosine cosine = (LearningRate.Cosine) learningRate;
    return JsonObject.builder()
        .put("kind", "cosine")
        .put("peak", cosine.peak())
        .put("warmUpSteps", cosine.warmUpSteps())
        .put("floor", cosine.floor())
        .build();
  }

  private static JsonObject optimizer(AdamW adamW) {
    return JsonObject.builder()
        .put("kind", "adamw")
        .put("beta1", adamW.beta1())
        .put("beta2", adamW.beta2())
        .put("epsilon", adamW.epsilon())
        .put("weightDecay", adamW.weightDecay())
        .build();
  }

  private static JsonArray terms(List<Term> terms) {
    List<JsonObject> json = new ArrayList<>();
    for (Term term : terms) {
      json.add(
          JsonObject.builder()
              .put("name", term.name())
              .put("purpose", term.purpose().name())
              .put("perStep", term.perStep())
              .put("weight", term.weight())
              .put("objective", objective(term.objective()))
              .put("examples", term.objective().size())
              .put("sha256", term.objective().dataDigest())
              .build());
    }
    return JsonArray.of(json);
  }

  /**
   * An objective without its data. Plans that say {@code rest} count the tokens beyond the
   * likeliest as one more outcome; plans without the field left them out.
   */
  private static JsonObject objective(Objective objective) {
    JsonObject.Builder json = JsonObject.builder();
    if (objective instanceof Sft sft) {
      json.put("kind", "sft").put("firstTokenWeight", sft.firstTokenWeight());
    } else if (objective instanceof Dpo dpo) {
      json.put("kind", "dpo")
          .put("beta", dpo.beta())
          .put("reference", reference(dpo.reference()))
          .put("loss", loss(dpo.loss()))
          .put("anchor", dpo.anchor());
    } else if (objective instanceof Distillation) {
      json.put("kind", "distillation").put("rest", true);
    } else {
      json.put("kind", "counterfactual")
          .put("k", ((Counterfactual) objective).k())
          .put("rest", true);
    }
    return json.build();
  }

  private static JsonObject reference(ReferencePolicy reference) {
    JsonObject.Builder json = JsonObject.builder();
    if (reference instanceof ReferencePolicy.Patched patched) {
      json.put("kind", "patched").put("digest", patched.prefix().digest());
    } else if (reference instanceof ReferencePolicy.Scored scored) {
      DataDigest digest = new DataDigest();
      for (ReferencePolicy.PairScore score : scored.scores()) {
        digest.add(score.chosen()).add(score.rejected());
      }
      json.put("kind", "scored").put("sha256", digest.hex());
    } else {
      json.put("kind", kind(reference));
    }
    return json.build();
  }

  private static String kind(ReferencePolicy reference) {
    if (reference instanceof ReferencePolicy.None) {
      return "none";
    }
    return reference instanceof ReferencePolicy.Base ? "base" : "start";
  }

  private static JsonObject loss(PreferenceLoss loss) {
    JsonObject.Builder json = JsonObject.builder();
    if (loss instanceof PreferenceLoss.Sigmoid sigmoid) {
      json.put("kind", "sigmoid").put("labelSmoothing", sigmoid.labelSmoothing());
    } else {
      json.put("kind", loss instanceof PreferenceLoss.Ipo ? "ipo" : "hinge");
    }
    return json.build();
  }
}
