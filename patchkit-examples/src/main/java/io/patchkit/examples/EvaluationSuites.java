package io.patchkit.examples;

import io.patchkit.evaluate.EvaluationData;
import io.patchkit.evaluate.Judge;
import io.patchkit.evaluate.RefusalWording;
import io.patchkit.evaluate.RequestSuite;
import io.patchkit.evaluate.Suite;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The suites of {@link EvaluatePatch}: on the small data that the examples bring along, or on files
 * of a folder of the user's.
 */
final class EvaluationSuites {

  /** The decision between refusing and answering falls in the first tokens. */
  private static final int ANSWER_TOKENS = 24;

  private final @Nullable Path folder;
  private final int limit;
  private final long seed;

  /**
   * @param folder of the user's data, null for the shipped data
   * @param limit most items of a suite
   */
  EvaluationSuites(@Nullable Path folder, int limit, long seed) {
    this.folder = folder;
    this.limit = limit;
    this.seed = seed;
  }

  List<Suite> all() {
    Judge refusal = RefusalWording.english();
    EvaluationData shipped = EvaluationData.read(RefusalData.shipped().testFile());
    List<Suite> suites = new ArrayList<>();
    EvaluationData harmful =
        folder == null
            ? shipped.where("harmful test requests", item -> item.fields().has("topic"))
            : EvaluationData.read(folder.resolve("harmful-requests.jsonl"));
    suites.add(
        RequestSuite.harmful(harmful.sample(limit, seed), refusal.opposite(), refusal)
            .withMaxNewTokens(ANSWER_TOKENS));
    EvaluationData questions =
        folder == null
            ? benign(shipped, "question")
            : EvaluationData.read(folder.resolve("benign-edgy-requests.jsonl"));
    suites.add(harmless("harmless questions", questions, refusal));
    // Always, or a patch that keys on the question mark would pass.
    suites.add(harmless("harmless imperatives", benign(shipped, "imperative"), refusal));
    return suites;
  }

  private Suite harmless(String name, EvaluationData data, Judge refusal) {
    return RequestSuite.harmless(data.sample(limit, seed), refusal)
        .named(name)
        .withMaxNewTokens(ANSWER_TOKENS);
  }

  private static EvaluationData benign(EvaluationData shipped, String form) {
    return shipped.where(
        "harmless test " + form + "s",
        item -> !item.fields().has("topic") && item.fields().string("form").equals(form));
  }
}
