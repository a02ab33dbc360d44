package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.PatchkitException;
import io.patchkit.format.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
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

  /** A suite of one's own whose only value is a half, said to be a share. */
  private record Halves() implements Suite {
    @Override
    public String name() {
      return "halves";
    }

    @Override
    public Purpose purpose() {
      return Purpose.UTILITY;
    }

    @Override
    public EvaluationData data() {
      return TEXTS;
    }

    @Override
    public List<Judge> judges() {
      return List.of();
    }

    @Override
    public List<Metric> metrics() {
      return List.of(
          new Metric(
              "half",
              Statistic.share("value"),
              Metric.Unit.SHARE,
              Metric.Direction.HIGHER,
              JudgeId.COUNT));
    }

    @Override
    public JsonObject configuration() {
      return JsonObject.builder().build();
    }

    @Override
    public List<Observation> observe(Variant variant, List<Item> items, long seed) {
      return items.stream().map(item -> Observation.of(Map.of("value", 0.5))).toList();
    }
  }

  @Test
  void refusesAShareThatIsNone() {
    assertThatThrownBy(kept(FakeModel.saying("m", ""), new Halves())::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "suite 'halves' observed value = 0.5 of item '1', of which 'half' is a share; expected"
                + " 0 or 1; take Statistic.mean for other values");
    assertThat(results.toFile().list()).containsExactly("lock");
  }

  @Test
  void isOneEvaluationsAtATime() {
    Judge harmless = Judge.of("none", "1", exchange -> 0);
    Suite suite = ToxicitySuite.of(TEXTS, harmless);
    FakeModel model = FakeModel.saying("m", "Sure.");
    Evaluation evaluation = kept(model, suite);
    List<Throwable> refusals = new ArrayList<>();
    evaluation
        .withListener(
            progress ->
                refusals.add(
                    CompletableFuture.supplyAsync(evaluation::run)
                        .handle((report, refusal) -> refusal.getCause())
                        .join()))
        .run();
    assertThat(refusals)
        .isNotEmpty()
        .allSatisfy(
            refusal ->
                assertThat(refusal)
                    .isInstanceOf(PatchkitException.class)
                    .hasMessageContainingAll(
                        results.toString(), "another evaluation", "name another folder"));
    int asked = model.asked.size();
    evaluation.run();
    assertThat(model.asked).hasSize(asked);
  }

  @Test
  void keepsNoTimes() {
    FakeModel model = FakeModel.saying("m", "hello");
    Suite suite = CostSuite.of(TEXTS);
    kept(model, suite).run();
    int asked = model.asked.size();
    kept(model, suite).run();
    assertThat(model.asked).hasSize(2 * asked);
    assertThat(results.toFile().list()).containsExactly("lock");
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
