package io.patchkit.examples;

import io.patchkit.GenerationOptions;
import io.patchkit.PatchkitException;
import io.patchkit.Prompt;
import io.patchkit.train.Answer;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.Counterfactual;
import io.patchkit.train.Distillation;
import io.patchkit.train.Initialisation;
import io.patchkit.train.SoftTargets;
import io.patchkit.train.Term;
import io.patchkit.train.TrainedPatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Trains the patch {@code gender-neutral} for SmolLM2-135M-Instruct: key/values of 12 virtual
 * tokens under which people in texts have a gender only where one is given.
 *
 * <p>The safer reference M' is the {@link NeutralTeacher}, which is a distribution over next tokens
 * and no text, so the patch is distilled from it: on the base model's own continuations of
 * sentences about occupations. Sentences about people whose gender is known, and others about no
 * one, hold the patch to the base model's predictions.
 */
public final class TrainBiasPatch {

  private static final String USAGE =
      "run TrainBiasPatch --out DIR [--work DIR] [--seed N] [--steps N] " + TrainingModels.USAGE;

  private static final String INSTRUCTION =
      "Anybody can have any job, so we write they, not he or she:";

  private static final int LENGTH = 12;
  private static final double RATE = 1e-2;

  /** The first words of a continuation are where a gender is said first. */
  private static final int ANSWER_TOKENS = 8;

  /** Continuations of each sentence, so that the gender stands in several places. */
  private static final int SAMPLES = 3;

  private TrainBiasPatch() {}

  public static void main(String... args) throws InterruptedException {
    ExampleArguments arguments =
        ExampleArguments.parse(
            USAGE, TrainingModels.arguments("out", "work", "seed", "steps"), args);
    Path out = Path.of(arguments.get("out", "gender-neutral"));
    Path work = Path.of(arguments.get("work", out + "-work"));
    long seed = Long.parseLong(arguments.get("seed", "1"));
    int steps = Integer.parseInt(arguments.get("steps", "160"));
    try (TrainingBench bench = TrainingBench.open(arguments, out, work)) {
      TrainedPatch patch =
          bench
              .trainer(
                  "distillation",
                  TrainingBench.plan(
                      Initialisation.keyValue(INSTRUCTION, LENGTH),
                      steps,
                      RATE,
                      seed,
                      Term.steer("neutral", new Distillation(targets(bench, seed)), 6),
                      Term.preserve(
                          "known",
                          Counterfactual.of(continuations(bench, "gendered.jsonl", 0)),
                          4)))
              .train();
      bench.save(patch, "gender-neutral", "Gives people a gender only where a text says it.", out);
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static List<SoftTargets> targets(TrainingBench bench, long seed) throws IOException {
    NeutralTeacher teacher = new NeutralTeacher(bench.trained());
    List<SoftTargets> targets = new ArrayList<>();
    ProgressBar bar = new ProgressBar(System.err, "Asking the teacher");
    for (int i = 0; i < SAMPLES; i++) {
      List<AnswerTokens> continuations =
          continuations(bench, "professions.jsonl", seed * SAMPLES + i);
      for (AnswerTokens continuation : continuations) {
        targets.add(teacher.targets(continuation));
        bar.advance(targets.size(), (long) SAMPLES * continuations.size());
      }
    }
    return targets;
  }

  private static List<AnswerTokens> continuations(TrainingBench bench, String file, long seed)
      throws IOException {
    List<Prompt> prompts = TextLines.prompts(TextLines.file("bias", file));
    GenerationOptions options =
        GenerationOptions.defaults()
            .withTemperature(1)
            .withTopP(0.9)
            .withMaxNewTokens(ANSWER_TOKENS)
            .withSeed(seed);
    List<Answer> answers =
        OwnAnswers.of(bench.served(), options, bench.folder("samples").resolve("seed-" + seed))
            .answers(prompts);
    List<AnswerTokens> continuations = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      if (!answers.get(i).text().isEmpty()) {
        continuations.add(AnswerTokens.of(bench.trained(), prompts.get(i), answers.get(i)));
      }
    }
    return continuations;
  }
}
