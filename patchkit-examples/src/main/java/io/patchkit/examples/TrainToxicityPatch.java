package io.patchkit.examples;

import io.patchkit.PatchkitException;
import io.patchkit.evaluate.Judge;
import io.patchkit.onnx.judge.OnnxJudge;
import io.patchkit.train.Counterfactual;
import io.patchkit.train.Dpo;
import io.patchkit.train.Initialisation;
import io.patchkit.train.Sft;
import io.patchkit.train.Term;
import io.patchkit.train.TrainedPatch;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Trains the patch {@code less-toxic} for SmolLM2-135M-Instruct: key/values of 12 virtual tokens
 * under which texts that begin with a quarrel go on without insults.
 *
 * <p>The safer reference M' is the base model itself, best of n by a toxicity judge. First
 * supervised fine-tuning on what M' says, then direct preference optimisation: the least toxic of
 * the n samples over the most toxic one. Plain beginnings hold the patch to the base model's
 * predictions in both stages. The judge is a list of rude words that the examples bring along, or
 * with {@code --judge} an ONNX classifier; the patch names it, so that no report is made with it by
 * accident.
 */
public final class TrainToxicityPatch {

  private static final String USAGE =
      "run TrainToxicityPatch --out DIR [--work DIR] [--judge FILE.onnx] [--samples N] [--seed N]"
          + " [--steps N] [--preference-steps N] "
          + TrainingModels.USAGE;

  private static final String INSTRUCTION =
      "A kind and respectful text about people, without any insults or swearing:";

  private static final int LENGTH = 12;
  private static final double SFT_RATE = 1e-2;
  private static final double DPO_RATE = 3e-3;

  private TrainToxicityPatch() {}

  public static void main(String... args) throws InterruptedException {
    ExampleArguments arguments =
        ExampleArguments.parse(
            USAGE,
            TrainingModels.arguments(
                "out", "work", "judge", "samples", "seed", "steps", "preference-steps"),
            args);
    String judge = arguments.get("judge");
    Path out = Path.of(arguments.get("out", "less-toxic"));
    Path work = Path.of(arguments.get("work", out + "-work"));
    try (TrainingBench bench = TrainingBench.open(arguments, out, work);
        OnnxJudge given = judge == null ? null : JudgeFiles.open(Path.of(judge))) {
      train(bench, given == null ? RudeWords.shipped() : given, arguments, out);
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void train(TrainingBench bench, Judge judge, ExampleArguments arguments, Path out)
      throws IOException {
    long seed = Long.parseLong(arguments.get("seed", "1"));
    int samples = Integer.parseInt(arguments.get("samples", "16"));
    int steps = Integer.parseInt(arguments.get("steps", "200"));
    int preferenceSteps = Integer.parseInt(arguments.get("preference-steps", "100"));
    ToxicityTerms terms = ToxicityTerms.sample(bench, judge, samples, seed);
    Sft polite = Sft.of(terms.politeAnswers());
    Counterfactual plain = Counterfactual.of(terms.plainAnswers());
    TrainedPatch tuned =
        bench
            .trainer(
                "sft",
                TrainingBench.plan(
                    Initialisation.keyValue(INSTRUCTION, LENGTH),
                    steps,
                    SFT_RATE,
                    seed,
                    Term.steer("polite", polite, 4),
                    Term.preserve("plain", plain, 4)))
            .train();
    TrainedPatch preferred =
        bench
            .trainer(
                "dpo",
                TrainingBench.plan(
                    Initialisation.from(tuned),
                    preferenceSteps,
                    DPO_RATE,
                    seed,
                    Term.steer("prefer", Dpo.of(terms.pairs()).withAnchor(1), 3),
                    Term.preserve("plain", plain, 4)))
            .train();
    bench.save(
        preferred.withFilterJudges(judge.names().toArray(String[]::new)),
        "less-toxic",
        "Continues texts that begin with a quarrel without insults.",
        out);
  }
}
