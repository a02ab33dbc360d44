package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.patchkit.EmbeddingSpace;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.gradient.GradientOptions;
import io.patchkit.train.AdamW;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.Distillation;
import io.patchkit.train.Dpo;
import io.patchkit.train.Initialisation;
import io.patchkit.train.LearningRate;
import io.patchkit.train.Objective;
import io.patchkit.train.PairTokens;
import io.patchkit.train.PatchTrainer;
import io.patchkit.train.PreferenceProgress;
import io.patchkit.train.Sft;
import io.patchkit.train.SoftTargets;
import io.patchkit.train.Term;
import io.patchkit.train.TrainingListener;
import io.patchkit.train.TrainingPlan;
import io.patchkit.train.TrainingProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole trainings, step by step, against those of torch. */
class TrainingConformanceTest {

  private static final int ALL_ROWS = 3;

  static Stream<ConformanceCase> cases() {
    return ConformanceCase.all().stream().filter(c -> c.expected().has("training"));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void fineTuningFollowsTorch(ConformanceCase given) {
    JsonNode training = given.expected().get("training");
    JsonNode curve = training.get("sft_curve");
    try (OnnxModel model = OnnxModel.open(given.folder());
        DifferentiableModel differentiable = model.differentiable()) {
      List<TrainingProgress> steps =
          train(differentiable, given, curve, Sft.of(answers(training.get("rows"))));
      double[] expected = ConformanceCase.doubles(curve.get("loss"));
      for (int i = 0; i < expected.length; i++) {
        assertThat(steps.get(i).loss())
            .as("loss of step %d", i)
            .isCloseTo(expected[i], within(tolerance(given)));
      }
    }
  }

  @Test
  void theRuntimeNamesTheOptionsThatDecideTheLastBits() {
    try (OnnxModel model = OnnxModel.open(cases().findFirst().orElseThrow().folder());
        DifferentiableModel differentiable =
            model.differentiable(GradientOptions.defaults().withThreads(2).withRowsPerRun(3))) {
      assertThat(differentiable.runtime())
          .startsWith("onnxruntime 1.")
          .endsWith(" cpu, threads 2, rows per run 3");
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void preferenceOptimisationFollowsTorch(ConformanceCase given) {
    JsonNode dpo = given.expected().get("training").get("dpo");
    List<PairTokens> pairs = new ArrayList<>();
    for (JsonNode triple : dpo.get("triples")) {
      pairs.add(
          PairTokens.of(
              ConformanceCase.ints(triple.get("prompt_ids")),
              ConformanceCase.ints(triple.get("chosen_ids")),
              ConformanceCase.ints(triple.get("rejected_ids"))));
    }
    try (OnnxModel model = OnnxModel.open(given.folder());
        DifferentiableModel differentiable = model.differentiable()) {
      List<TrainingProgress> steps =
          train(differentiable, given, dpo, Dpo.of(pairs).withBeta(dpo.get("beta").asDouble()));
      double[] losses = ConformanceCase.doubles(dpo.get("loss"));
      double[] margins = ConformanceCase.doubles(dpo.get("reward_margin"));
      double[] accuracies = ConformanceCase.doubles(dpo.get("accuracy"));
      for (int i = 0; i < losses.length; i++) {
        PreferenceProgress found = Objects.requireNonNull(steps.get(i).terms().get(0).preference());
        assertThat(steps.get(i).loss())
            .as("loss of step %d", i)
            .isCloseTo(losses[i], within(tolerance(given)));
        assertThat(found.margin())
            .as("margin of step %d", i)
            .isCloseTo(margins[i], within(10 * tolerance(given)));
        if (isDecided(dpo.get("margins_per_triple").get(i))) {
          assertThat(found.accuracy()).as("accuracy of step %d", i).isEqualTo(accuracies[i]);
        }
      }
    }
  }

  /** Whether every margin has a sign: at the first step they are 0, and ours 0 but for rounding. */
  private static boolean isDecided(JsonNode margins) {
    for (double margin : ConformanceCase.doubles(margins)) {
      if (Math.abs(margin) < 1e-3) {
        return false;
      }
    }
    return true;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void distillationIsTorchs(ConformanceCase given) {
    JsonNode training = given.expected().get("training");
    List<AnswerTokens> answers = answers(training.get("rows"));
    List<SoftTargets> targets = new ArrayList<>();
    for (JsonNode teacher : training.get("kl").get("teacher")) {
      List<int[]> ids = new ArrayList<>();
      List<double[]> probabilities = new ArrayList<>();
      teacher.get("ids").forEach(position -> ids.add(ConformanceCase.ints(position)));
      teacher.get("probs").forEach(p -> probabilities.add(ConformanceCase.doubles(p)));
      targets.add(SoftTargets.of(answers.get(targets.size()), ids, probabilities));
    }
    try (OnnxModel model = OnnxModel.open(given.folder());
        DifferentiableModel differentiable = model.differentiable()) {
      TrainingProgress first =
          train(differentiable, given, training.get("sft_curve"), new Distillation(targets)).get(0);
      double scale = scale(given, differentiable);
      assertThat(first.loss())
          .isCloseTo(training.get("kl").get("loss").asDouble(), within(tolerance(given)));
      assertThat(first.gradientNorm() * scale)
          .isCloseTo(training.get("kl").get("grad_norm").asDouble(), within(20 * tolerance(given)));
    }
  }

  /** Int4 graphs round otherwise than the dequantised weights that torch was given. */
  private static double tolerance(ConformanceCase given) {
    return given.isInt4() ? 1e-3 : 3e-5;
  }

  /**
   * Trains with torch's hyper-parameters. Where the oracle's prefix lives before an embedding scale
   * s and ours behind it, every number and so every update is s times as large: that is AdamW with
   * s times the learning rate and an s-th of epsilon.
   */
  private static List<TrainingProgress> train(
      DifferentiableModel model, ConformanceCase given, JsonNode curve, Objective objective) {
    double scale = scale(given, model);
    SoftPrompt start =
        (SoftPrompt) given.stack(curve.get("start").asText()).patches().get(0).prefix();
    TrainingPlan plan =
        TrainingPlan.of(
                Initialisation.from(start),
                curve.get("steps").asInt(),
                Term.steer("all", objective, ALL_ROWS))
            .withLearningRate(LearningRate.constant(curve.get("lr").asDouble() * scale))
            .withOptimizer(
                new AdamW(
                    curve.get("betas").get(0).asDouble(),
                    curve.get("betas").get(1).asDouble(),
                    curve.get("eps").asDouble() / scale,
                    curve.get("weight_decay").asDouble()))
            .withMaxGradientNorm(Double.POSITIVE_INFINITY);
    List<TrainingProgress> steps = new ArrayList<>();
    PatchTrainer.of(model, plan)
        .withListener(
            new TrainingListener() {
              @Override
              public void onStep(TrainingProgress progress) {
                steps.add(progress);
              }
            })
        .train();
    return steps;
  }

  private static double scale(ConformanceCase given, DifferentiableModel model) {
    return given.space() == EmbeddingSpace.TOKEN_TABLE ? model.shape().embeddingScale() : 1;
  }

  private static List<AnswerTokens> answers(JsonNode rows) {
    List<AnswerTokens> answers = new ArrayList<>();
    for (JsonNode row : rows) {
      answers.add(
          AnswerTokens.of(
              ConformanceCase.ints(row.get("prompt_ids")),
              ConformanceCase.ints(row.get("completion_ids"))));
    }
    return answers;
  }
}
