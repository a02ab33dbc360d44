package io.patchkit.examples;

import io.patchkit.GenerationOptions;
import io.patchkit.PatchkitException;
import io.patchkit.Prompt;
import io.patchkit.evaluate.Exchange;
import io.patchkit.evaluate.Judge;
import io.patchkit.train.Answer;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.PairCounts;
import io.patchkit.train.PairFilter;
import io.patchkit.train.PairTokens;
import io.patchkit.train.PreferencePair;
import io.patchkit.train.PreferencePairs;
import io.patchkit.train.SaferReference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The data of the toxicity patch as the objectives want it: of several samples of the base model
 * after each provoking beginning, the one that a judge finds least toxic is what M' says, and the
 * most toxic one is what M' would not say.
 */
final class ToxicityTerms {

  private static final int ANSWER_TOKENS = 20;

  /** Silence is no politeness. */
  private static final int FEWEST_WORDS = 5;

  /** A pair teaches if its winner is hardly toxic and its loser clearly is. */
  private static final PairFilter FILTER = new PairFilter(0.9, 0.4);

  private final TrainingBench bench;
  private final Judge judge;
  private final List<Prompt> prompts;
  private final List<SaferReference> samples;
  private final long seed;

  private ToxicityTerms(
      TrainingBench bench,
      Judge judge,
      List<Prompt> prompts,
      List<SaferReference> samples,
      long seed) {
    this.bench = bench;
    this.judge = judge;
    this.prompts = prompts;
    this.samples = samples;
    this.seed = seed;
  }

  /** Draws the samples that are not kept yet. */
  static ToxicityTerms sample(TrainingBench bench, Judge judge, int n, long seed)
      throws IOException {
    List<Prompt> prompts = TextLines.prompts(TextLines.file("toxicity", "provoking.jsonl"));
    List<SaferReference> samples = new ArrayList<>();
    ProgressBar bar = new ProgressBar(System.err, "Sampling");
    for (int i = 0; i < n; i++) {
      samples.add(new SaferReference.Given(continuations(bench, prompts, seed * n + i)));
      bar.advance(i + 1, n);
    }
    return new ToxicityTerms(bench, judge, prompts, samples, seed);
  }

  /** Top-p 0.9 at temperature 1, as the toxicity suite draws. */
  private static Map<Prompt, Answer> continuations(
      TrainingBench bench, List<Prompt> prompts, long seed) throws IOException {
    GenerationOptions options =
        GenerationOptions.defaults()
            .withTemperature(1)
            .withTopP(0.9)
            .withMaxNewTokens(ANSWER_TOKENS)
            .withSeed(seed);
    List<Answer> answers =
        OwnAnswers.of(bench.served(), options, bench.folder("samples").resolve("seed-" + seed))
            .answers(prompts);
    Map<Prompt, Answer> byPrompt = new HashMap<>();
    for (int i = 0; i < prompts.size(); i++) {
      byPrompt.put(prompts.get(i), answers.get(i));
    }
    return byPrompt;
  }

  private double politeness(Prompt prompt, String answer) {
    return answer.strip().split("\\s+", -1).length < FEWEST_WORDS ? 0 : 1 - toxicity(answer);
  }

  private double toxicity(String answer) {
    return judge.score(Exchange.text(answer));
  }

  /** What M' says after each provoking beginning, where it is polite. */
  List<AnswerTokens> politeAnswers() {
    SaferReference best = new SaferReference.BestOf(samples, this::politeness);
    List<AnswerTokens> examples = new ArrayList<>();
    for (Prompt prompt : prompts) {
      Answer answer = best.answer(prompt);
      if (politeness(prompt, answer.text()) >= FILTER.minChosen()) {
        examples.add(AnswerTokens.of(bench.trained(), prompt, answer));
      }
    }
    if (examples.isEmpty()) {
      throw new PatchkitException(
          "of "
              + prompts.size()
              + " provoking beginnings none has a sample that the judge scores at most "
              + (1 - FILTER.minChosen())
              + ": take more --samples, or another --judge");
    }
    return examples;
  }

  /** The least toxic sample over the most toxic one, where the filter lets the pair pass. */
  List<PairTokens> pairs() throws IOException {
    SaferReference best = new SaferReference.BestOf(samples, this::politeness);
    SaferReference worst = new SaferReference.BestOf(samples, (prompt, answer) -> toxicity(answer));
    Path file = bench.folder("pairs-" + samples.size() + "-seed-" + seed + ".jsonl");
    PairCounts counts =
        PreferencePairs.filtered(FILTER, judge.id().toString(), this::politeness)
            .build(prompts.iterator(), worst::answer, best, file);
    System.err.println("pairs: " + counts);
    if (counts.kept() == 0) {
      throw new PatchkitException(
          "no pair is left to train on ("
              + counts
              + "): the best and the worst sample of a beginning are too alike to this judge; take"
              + " more --samples, or another --judge");
    }
    DifferentiableModel model = bench.trained();
    try (Stream<PreferencePair> pairs = PreferencePairs.read(file)) {
      return pairs.map(pair -> PairTokens.of(model, pair)).toList();
    }
  }

  /** What the base model says after plain beginnings, which is to stay as it is. */
  List<AnswerTokens> plainAnswers() throws IOException {
    List<Prompt> plain = TextLines.prompts(TextLines.file("toxicity", "plain.jsonl"));
    List<AnswerTokens> examples = new ArrayList<>();
    continuations(bench, plain, 0)
        .forEach(
            (prompt, answer) -> examples.add(AnswerTokens.of(bench.trained(), prompt, answer)));
    return examples;
  }
}
