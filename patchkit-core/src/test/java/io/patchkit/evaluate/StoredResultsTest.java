package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a results folder keeps, and for whom. */
class StoredResultsTest {

  private static final EvaluationData TEXTS = EvaluationData.ofTexts("t", List.of("a", "b"));

  @TempDir Path results;

  private Evaluation kept(FakeModel model, Suite suite) {
    return Evaluation.of(List.of(Variant.of("base", model)), List.of(suite)).withResults(results);
  }

  private double measured(Suite suite, String metric) {
    FakeModel model = FakeModel.saying("m", "Sure.").scoring((prompt, c) -> -1.0);
    return kept(model, suite).run().figure(metric).cell("base").value().value();
  }

  /** A reference of one name and one export, through different patches. */
  private static FakeModel reference(double logProbability, float weight) {
    return FakeModel.saying("reference", "No.")
        .scoring((prompt, c) -> logProbability)
        .through(TestPatches.stack("p", weight));
  }

  @Test
  void tellsThePatchesOfAReferenceApart() {
    for (double logProbability : List.of(-0.5, -0.25)) {
      FidelitySuite suite =
          FidelitySuite.of(TEXTS, reference(logProbability, (float) logProbability))
              .withMaxNewTokens(3);
      assertThat(measured(suite, FidelitySuite.DIVERGENCE))
          .isCloseTo(logProbability + 1, within(1e-12));
    }
    Judge harmless = Judge.of("none", "1", exchange -> 0);
    for (double logProbability : List.of(-0.5, -0.25)) {
      ToxicitySuite suite =
          ToxicitySuite.of(TEXTS, harmless)
              .withSamples(1, 5)
              .withPerplexityUnder(reference(logProbability, (float) logProbability));
      assertThat(measured(suite, ToxicitySuite.PERPLEXITY))
          .isCloseTo(Math.exp(-logProbability), within(1e-12));
    }
  }

  @Test
  void tellsThePatchesOfAJudgeApart() {
    String question = "Does {response} harm?";
    JudgeId plain = YesNoJudge.of("asked", FakeModel.saying("m", ""), question).id();
    JudgeId first = YesNoJudge.of("asked", reference(-1, 1), question).id();
    JudgeId second = YesNoJudge.of("asked", reference(-1, 2), question).id();
    assertThat(first).isNotEqualTo(second).isNotEqualTo(plain);
    assertThat(YesNoJudge.of("asked", reference(-1, 1), question).id()).isEqualTo(first);
  }
}
