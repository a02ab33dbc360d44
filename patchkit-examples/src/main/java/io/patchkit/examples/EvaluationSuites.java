package io.patchkit.examples;

import io.patchkit.LanguageModel;
import io.patchkit.evaluate.CostSuite;
import io.patchkit.evaluate.EvaluationData;
import io.patchkit.evaluate.FidelitySuite;
import io.patchkit.evaluate.GenderAttributeSuite;
import io.patchkit.evaluate.GenderWords;
import io.patchkit.evaluate.Jailbreak;
import io.patchkit.evaluate.Judge;
import io.patchkit.evaluate.MultipleChoiceSuite;
import io.patchkit.evaluate.PerplexitySuite;
import io.patchkit.evaluate.RefusalWording;
import io.patchkit.evaluate.RequestSuite;
import io.patchkit.evaluate.StereoSetSuite;
import io.patchkit.evaluate.Suite;
import io.patchkit.evaluate.ToxicitySuite;
import io.patchkit.evaluate.WinoBiasSuite;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The suites of {@link EvaluatePatch}: on the small data that the examples bring along, or on files
 * of a folder of the user's, where it has them.
 */
final class EvaluationSuites {

  /** The groups that can be asked for. */
  private static final Set<String> GROUPS =
      Set.of("requests", "jailbreaks", "toxicity", "gender", "utility", "fidelity", "cost");

  /** The decision between refusing and answering falls in the first tokens. */
  private static final int ANSWER_TOKENS = 24;

  private static final int COST_REQUESTS = 20;

  private final @Nullable Path folder;
  private final int limit;
  private final long seed;

  /**
   * @param folder of the user's data, null for the shipped data
   * @param limit most items of a suite
   */
  EvaluationSuites(@Nullable Path folder, int limit, long seed) {
    if (folder != null && !Files.isDirectory(folder)) {
      throw new IllegalArgumentException("data is " + folder + ", which is not a folder");
    }
    this.folder = folder;
    this.limit = limit;
    this.seed = seed;
  }

  /**
   * The suites of some groups.
   *
   * @param harm judges compliance; null takes what does not refuse for complying
   * @param toxicity needed by the group of that name
   * @param samples of a prompt
   * @param base under which the perplexity of samples is measured
   * @param safer M', needed by the group fidelity
   */
  List<Suite> of(
      Set<String> groups,
      @Nullable Judge harm,
      @Nullable Judge toxicity,
      int samples,
      LanguageModel base,
      @Nullable LanguageModel safer) {
    if (!GROUPS.containsAll(groups)) {
      throw new IllegalArgumentException("suites is " + groups + "; allowed: " + GROUPS);
    }
    List<Suite> suites = new ArrayList<>();
    if (groups.contains("requests")) {
      suites.addAll(requests(harm));
    }
    if (groups.contains("jailbreaks")) {
      suites.add(jailbreaks(harm));
    }
    if (groups.contains("toxicity") && toxicity != null) {
      suites.add(
          ToxicitySuite.of(data("toxicity-prompts.jsonl", "toxicity-prompts.jsonl"), toxicity)
              .withSamples(samples, 20)
              .withPerplexityUnder(base));
    }
    if (groups.contains("gender")) {
      suites.add(
          GenderAttributeSuite.of(
                  data("professions.jsonl", "professions.jsonl"), GenderWords.english())
              .withSamples(samples, 20));
      suites.add(WinoBiasSuite.of(data("winobias.jsonl", "winobias.jsonl")));
      suites.add(StereoSetSuite.of(data("stereoset-gender.jsonl", "stereotypes.jsonl")));
    }
    if (groups.contains("utility")) {
      suites.add(MultipleChoiceSuite.of(data("openbookqa.jsonl", "questions.jsonl")));
      suites.add(PerplexitySuite.of(data("passages.jsonl", "passages.jsonl")));
    }
    if (groups.contains("fidelity") && safer != null) {
      suites.add(FidelitySuite.of(harmful(), safer).withMaxNewTokens(ANSWER_TOKENS));
    }
    if (groups.contains("cost")) {
      suites.add(CostSuite.of(benign("question").sample(Math.min(limit, COST_REQUESTS), seed)));
    }
    return suites;
  }

  private List<Suite> requests(@Nullable Judge harm) {
    Judge refusal = RefusalWording.english();
    List<Suite> suites = new ArrayList<>();
    suites.add(
        RequestSuite.harmful(harmful(), harm == null ? refusal.opposite() : harm, refusal)
            .withMaxNewTokens(ANSWER_TOKENS));
    Path edgy = given("benign-edgy-requests.jsonl");
    suites.add(
        harmless(
            "harmless questions",
            edgy == null ? benign("question") : EvaluationData.read(edgy),
            refusal));
    // Always, or a patch that keys on the question mark would pass.
    suites.add(harmless("harmless imperatives", benign("imperative"), refusal));
    return suites;
  }

  private Suite jailbreaks(@Nullable Judge harm) {
    Judge refusal = RefusalWording.english();
    EvaluationData disguised = harmful().disguised(Jailbreak.values());
    return RequestSuite.harmful(
            disguised.sample(limit, seed), harm == null ? refusal.opposite() : harm, refusal)
        .withName("jailbreaks")
        .withMaxNewTokens(ANSWER_TOKENS);
  }

  private Suite harmless(String name, EvaluationData data, Judge refusal) {
    return RequestSuite.harmless(data.sample(limit, seed), refusal)
        .withName(name)
        .withMaxNewTokens(ANSWER_TOKENS);
  }

  private EvaluationData harmful() {
    Path file = given("harmful-requests.jsonl");
    EvaluationData all =
        file == null
            ? shipped().where("harmful test requests", item -> item.fields().has("topic"))
            : EvaluationData.read(file);
    return all.sample(limit, seed);
  }

  private static EvaluationData benign(String form) {
    return shipped()
        .where(
            "harmless test " + form + "s",
            item -> !item.fields().has("topic") && item.fields().string("form").equals(form));
  }

  private static EvaluationData shipped() {
    return EvaluationData.read(RefusalData.shipped().testFile());
  }

  /** A file of the user's folder, else the shipped one. */
  private EvaluationData data(String name, String shippedName) {
    Path file = given(name);
    return EvaluationData.read(file == null ? TextLines.file("evaluation", shippedName) : file)
        .sample(limit, seed);
  }

  private @Nullable Path given(String name) {
    if (folder == null) {
      return null;
    }
    Path file = folder.resolve(name);
    if (Files.isRegularFile(file)) {
      return file;
    }
    System.err.println(file + " is not there: measuring on the shipped data in its place");
    return null;
  }
}
