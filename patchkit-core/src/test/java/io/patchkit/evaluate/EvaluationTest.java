package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
import io.patchkit.Patch;
import io.patchkit.PatchStack;
import io.patchkit.PatchkitException;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.format.StrictJson;
import io.patchkit.train.TrainedPatch;
import io.patchkit.train.TrainedPatch.StopReason;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvaluationTest {

  private static final Judge REFUSAL = RefusalWording.english();
  private static final String NO = "I'm sorry, but I can't help with that.";

  @TempDir Path folder;

  private static EvaluationData requests(String name, int n) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      texts.add(name + " " + i);
    }
    return EvaluationData.ofTexts(name, texts);
  }

  private static List<Suite> suites(int n) {
    return List.of(
        RequestSuite.harmful(requests("lock", n), REFUSAL.opposite(), REFUSAL),
        RequestSuite.harmless(requests("knit", n), REFUSAL));
  }

  private static List<Variant> sayingYesAndNo() {
    return List.of(
        Variant.of("base", FakeModel.saying("base", "Sure, here it is.")),
        Variant.of("refuser", FakeModel.saying("refuser", NO)));
  }

  @Test
  void seesAConstantRefuserAsSafeAndUseless() {
    SafetyReport report = Evaluation.of(sayingYesAndNo(), suites(60)).run();

    Figure attack = report.figure(RequestSuite.ATTACK_SUCCESS);
    assertThat(attack.cell("refuser").value().value()).isZero();
    Estimate difference = attack.cell("refuser").difference();
    assertThat(difference.value()).isEqualTo(-1);
    assertThat(difference.low()).isEqualTo(-1);
    assertThat(difference.high()).isCloseTo(-0.8797, within(5e-5)); // −(n − z²) / (n + z²)
    assertThat(difference.n()).isEqualTo(60);
    assertThat(report.figure(RequestSuite.OVER_REFUSAL).cell("refuser").value().value())
        .isEqualTo(1);
    String useless = "'refuser' is of no use: it refuses 100.0 % of the harmless requests.";
    assertThat(report.notices()).contains(useless);
    assertThat(report.toJson().array("notices").strings()).contains(useless);
    assertThat(report.toMarkdown()).contains(useless);
    assertThat(report.toHtml()).contains("<p class=\"notice\">" + useless);
  }

  /** A hundred items that agree rule a difference of three points out, and none of a hundredth. */
  @Test
  void knowsADifferenceThatWasNotSeenOnlyAsWellAsTheItemsAllow() {
    List<Variant> equal =
        List.of(
            Variant.of("base", FakeModel.saying("base", NO)),
            Variant.of("same", FakeModel.saying("same", NO)));
    Estimate difference =
        Evaluation.of(equal, suites(100))
            .run()
            .figure(RequestSuite.ATTACK_SUCCESS)
            .cell("same")
            .difference();
    assertThat(difference.value()).isZero();
    assertThat(difference.high()).isCloseTo(0.0370, within(5e-5)); // z² / (n + z²)
    assertThat(difference.low()).isEqualTo(-difference.high());
  }

  @Test
  void saysFirstThatUtilityIsMissing() {
    SafetyReport report = Evaluation.of(sayingYesAndNo(), suites(3).subList(0, 1)).run();
    String first =
        "This report has safety but no over-refusal and no utility: it cannot tell a safe model"
            + " from one that is of no use.";
    assertThat(report.notices().get(0)).isEqualTo(first);
    assertThat(report.toMarkdown().lines().findFirst()).contains("> **" + first + "**");
    assertThat(report.notices().get(1)).startsWith("4 of 4 figures rest on fewer than 50 items");
    assertThat(report.toMarkdown()).contains("100.0 % [43.9, 100.0] †");
  }

  /** The twin draws its own noise, as a patch that changes nothing but the sampling would. */
  @Test
  void findsNoDifferenceBetweenTwins() {
    int containing = 0;
    for (int seed = 0; seed < 50; seed++) {
      Random noise = new Random(seed);
      FakeModel base = new FakeModel("base", (p, o) -> noise.nextDouble() < 0.3 ? NO : "Yes.");
      FakeModel twin = new FakeModel("twin", (p, o) -> noise.nextDouble() < 0.3 ? NO : "Yes.");
      SafetyReport report =
          Evaluation.of(
                  List.of(Variant.of("base", base), Variant.of("twin", twin)),
                  suites(80).subList(0, 1))
              .withSeed(seed)
              .run();
      Estimate difference = report.figure(RequestSuite.ATTACK_SUCCESS).cell("twin").difference();
      containing += difference.contains(0) ? 1 : 0;
    }
    assertThat(containing).isGreaterThanOrEqualTo(45);
  }

  @Test
  void givesEqualBytesForEqualInputs() {
    SafetyReport report = Evaluation.of(sayingYesAndNo(), suites(20)).run();
    SafetyReport again = Evaluation.of(sayingYesAndNo(), suites(20)).withBatch(3).run();
    assertThat(StrictJson.write(again.toJson())).isEqualTo(StrictJson.write(report.toJson()));
    assertThat(again.toHtml()).isEqualTo(report.toHtml());
    assertThat(SafetyReport.of(report.toJson())).isEqualTo(report);
  }

  /** Persian has digits of its own, which a number that is formatted by default takes. */
  @Test
  void givesEqualBytesInEveryLocale() {
    Evaluation evaluation =
        Evaluation.of(sayingYesAndNo(), suites(4))
            .withCalibrations(
                List.of(
                    Calibration.of(
                        REFUSAL,
                        "labels",
                        List.of(
                            new Calibration.Labelled(Exchange.text(NO), true),
                            new Calibration.Labelled(Exchange.text("Yes."), false)),
                        0.5)));
    SafetyReport report = evaluation.run();
    String page = report.toHtml();
    String markdown = report.toMarkdown();
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("fa"));
    try {
      assertThat(String.format("%d", 1)).isNotEqualTo("1");
      SafetyReport persian = evaluation.run();
      assertThat(persian).isEqualTo(report);
      assertThat(persian.toHtml()).isEqualTo(page);
      assertThat(persian.toMarkdown()).isEqualTo(markdown);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void savesWhatItLoads() {
    SafetyReport report = Evaluation.of(sayingYesAndNo(), suites(4)).run();
    Path saved = folder.resolve("reports/evaluation");
    report.save(saved);
    report.save(saved);
    assertThat(SafetyReport.load(saved.resolve("evaluation.json"))).isEqualTo(report);
    assertThat(saved.resolve("evaluation.html")).hasContent(report.toHtml());
    Path file = saved.resolve("evaluation.md");
    assertThatThrownBy(() -> report.save(file))
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("cannot make the folder " + file);
    assertThat(report.withoutSamples().toHtml()).doesNotContain(NO);
  }

  @Test
  void goesOnWhereItWasInterrupted() throws Exception {
    SafetyReport whole = Evaluation.of(sayingYesAndNo(), suites(10)).run();
    Path results = folder.resolve("observations");
    Evaluation interrupted =
        Evaluation.of(sayingYesAndNo(), suites(10))
            .withResults(results)
            .withBatch(4)
            .withListener(
                progress -> {
                  if (progress.done() == 14) {
                    throw new IllegalStateException("stop");
                  }
                });
    assertThatThrownBy(interrupted::run).hasMessage("stop");
    try (var files = Files.list(results)) {
      for (Path file : files.toList()) {
        Files.writeString(file, "{\"item\":\"9", StandardOpenOption.APPEND);
      }
    }
    FakeModel base = FakeModel.saying("base", "Sure, here it is.");
    FakeModel refuser = FakeModel.saying("refuser", NO);
    SafetyReport resumed =
        Evaluation.of(List.of(Variant.of("base", base), Variant.of("refuser", refuser)), suites(10))
            .withResults(results)
            .run();
    assertThat(resumed).isEqualTo(whole);
    assertThat(base.asked).hasSize(10).allMatch(text -> text.startsWith("knit"));
    assertThat(refuser.asked).hasSize(16).startsWith("lock 4");
  }

  /** At the end of the first batch of four, and within the second, where a text is cut short. */
  @ParameterizedTest
  @CsvSource({"lock 3, 4, after 4 of 40", "lock 5, 6, while"})
  void keepsWhatAnInterruptDoesNotCutShort(String last, int asked, String when) {
    SafetyReport whole = Evaluation.of(sayingYesAndNo(), suites(10)).run();
    Path results = folder.resolve("observations");
    FakeModel interrupted =
        new FakeModel(
            "base",
            (prompt, options) -> {
              if (prompt.equals(last)) {
                Thread.currentThread().interrupt();
              }
              return "Sure, here it is.";
            });
    FakeModel refuser = FakeModel.saying("refuser", NO);
    assertThatThrownBy(() -> measured(interrupted, refuser, results).withBatch(4).run())
        .isInstanceOf(EvaluationInterruptedException.class)
        .hasMessageContaining(when);
    assertThat(Thread.interrupted()).as("still interrupted").isTrue();
    assertThat(interrupted.asked).hasSize(asked);

    FakeModel base = FakeModel.saying("base", "Sure, here it is.");
    assertThat(measured(base, refuser, results).run()).isEqualTo(whole);
    assertThat(base.asked).hasSize(16).startsWith("lock 4");
  }

  private static Evaluation measured(FakeModel base, FakeModel refuser, Path results) {
    return Evaluation.of(
            List.of(Variant.of("base", base), Variant.of("refuser", refuser)), suites(10))
        .withResults(results);
  }

  @Test
  void refusesARequestThroughPatchesOfItsOwn() {
    Variant variant = Variant.of("base", FakeModel.saying("base", NO));
    GenerationRequest request =
        GenerationRequest.of("lock", GenerationOptions.defaults()).withPatches(PatchStack.empty());
    assertThatThrownBy(() -> variant.generate(List.of(request)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'base' is measured through its own");
    assertThatThrownBy(() -> variant.generateAlone(request))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void estimatesTheTimeLeftBySuite() {
    AtomicLong now = new AtomicLong();
    FakeModel slow =
        new FakeModel(
            "slow",
            (prompt, options) -> {
              now.addAndGet(prompt.startsWith("lock") ? 1_000_000_000L : 3_000_000_000L);
              return "Yes.";
            });
    List<Duration> left = new ArrayList<>();
    Evaluation.of(List.of(Variant.of("base", slow)), suites(4))
        .withBatch(2)
        .withNanoTime(now::get)
        .withListener(progress -> left.add(progress.remaining()))
        .run();
    Iterator<Duration> found = left.iterator();
    assertThat(found.next()).isEqualTo(Duration.ofSeconds(6));
    assertThat(found.next()).isEqualTo(Duration.ofSeconds(4));
    assertThat(found.next()).isEqualTo(Duration.ofSeconds(6));
    assertThat(found.next()).isZero();
  }

  @Test
  void refusesTheFilteringJudgeUnlessNamed() {
    Evaluation evaluation =
        Evaluation.of(sayingYesAndNo(), suites(2)).withFilterJudges("refusal-wording");
    assertThatThrownBy(evaluation::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("withAllowedFilterJudges(\"refusal-wording\")");
    assertThat(evaluation.withAllowedFilterJudges("refusal-wording").run().notices())
        .contains(
            "The judge 'refusal-wording' filtered the training data and reports by request: its"
                + " figures flatter.");
  }

  @Test
  void knowsTheFilteringJudgeHoweverItIsNamed() {
    Judge half = Judge.of("half", "1", exchange -> 0.5);
    Judge composite = Judge.highest(List.of(half, REFUSAL)).opposite();
    Evaluation evaluation =
        Evaluation.of(
            sayingYesAndNo(),
            List.of(RequestSuite.harmful(requests("lock", 2), composite, REFUSAL)));
    for (String name :
        List.of(
            "half",
            "half 1",
            REFUSAL.id().toString(),
            composite.id().name(),
            composite.id().toString())) {
      assertThatThrownBy(evaluation.withFilterJudges(name).withFilterJudges("other")::run)
          .as(name)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("filtered the training data");
      evaluation
          .withFilterJudges(name)
          .withAllowedFilterJudges(name)
          .withAllowedFilterJudges("o")
          .run();
    }
    assertThatThrownBy(evaluation.withFilterJudges("half 1")::run)
        .hasMessageContaining("withAllowedFilterJudges(\"half\")");
    assertThat(evaluation.withFilterJudges("half 2", "hal").run()).isNotNull();
  }

  @Test
  void findsTheFilteringJudgeInAPatchsProvenance() {
    SoftPrompt prefix = SoftPrompt.of(2, EmbeddingSpace.TOKEN_TABLE, new float[] {1, 2});
    TrainedPatch trained =
        new TrainedPatch(
                prefix,
                new BaseModel("base", List.of(), null, 0, 0, 0, 0),
                1,
                1,
                StopReason.STEPS_DONE,
                Map.of())
            .withFilterJudges("other", "refusal-wording")
            .withFilterJudges("third", "other");
    assertThat(trained.provenance()).containsEntry("filter.judge", "other,refusal-wording,third");
    Patch patch = trained.toPatch("p", SemanticVersion.parse("1.0.0"), Instant.EPOCH);
    FakeModel patched = FakeModel.saying("patched", NO).through(PatchStack.of(patch));
    Evaluation evaluation =
        Evaluation.of(
            List.of(
                Variant.of("base", FakeModel.saying("base", "Yes.")),
                Variant.of("patched", patched)),
            suites(2));
    assertThatThrownBy(evaluation::run)
        .hasMessageContaining("'refusal-wording' of the suite 'harmful requests' filtered");
    assertThatThrownBy(() -> trained.withFilterJudges("a,b"))
        .hasMessageContaining("names holds 'a,b'");
  }

  @Test
  void makesOfAllSharesTheReportOfOneMachine() {
    FakeModel coin =
        new FakeModel("coin", (prompt, o) -> new Random(o.seed()).nextBoolean() ? NO : "Sure.");
    List<Suite> suites = new ArrayList<>(suites(7));
    suites.add(PerplexitySuite.of(requests("passage", 3)));
    List<Variant> variants = new ArrayList<>(sayingYesAndNo());
    variants.add(Variant.of("coin", coin));
    Evaluation evaluation = Evaluation.of(variants, suites);
    List<EvaluationPart> parts = new ArrayList<>();
    for (int i = 3; i >= 0; i--) {
      parts.add(EvaluationPart.of(evaluation.measure(i, 4).toJson()));
    }
    assertThat(StrictJson.write(evaluation.report(parts).toJson()))
        .isEqualTo(StrictJson.write(evaluation.run().toJson()));
    assertThatThrownBy(() -> evaluation.report(parts.subList(1, 4)))
        .hasMessageContaining("item '4' of the suite 'harmful requests' has not been observed");
    assertThatThrownBy(() -> evaluation.withSeed(2).report(parts))
        .hasMessageContaining("expected all parts of one evaluation");
    parts.add(parts.get(0));
    assertThatThrownBy(() -> evaluation.report(parts)).hasMessageContaining("in two parts");
    assertThatThrownBy(() -> evaluation.measure(4, 4)).hasMessageContaining("index is 4");
  }

  /** Both have the name and fingerprint of one model, but only the second one refuses. */
  @Test
  void keepsVariantsOfEqualIdentityApart() {
    Evaluation evaluation =
        Evaluation.of(
            List.of(
                Variant.of("first", FakeModel.saying("m", "Sure.")),
                Variant.of("second", FakeModel.saying("m", NO))),
            suites(6));
    Figure refusal = evaluation.run().figure(RequestSuite.REFUSAL);
    assertThat(refusal.cell("first").value().value()).isZero();
    assertThat(refusal.cell("second").value().value()).isEqualTo(1);
    EvaluationPart part = EvaluationPart.of(evaluation.measure(0, 1).toJson());
    assertThat(evaluation.report(List.of(part))).isEqualTo(evaluation.run());
  }

  @Test
  void goesOnWithAnInterruptedShare() {
    FakeModel model = FakeModel.saying("m", "Sure.");
    Evaluation evaluation =
        Evaluation.of(List.of(Variant.of("base", model)), suites(6)).withResults(folder);
    evaluation.measure(1, 2);
    assertThat(model.asked)
        .containsExactly("lock 1", "lock 3", "lock 5", "knit 1", "knit 3", "knit 5");
    evaluation.measure(1, 2);
    assertThat(model.asked).hasSize(6);
    evaluation.run();
    assertThat(model.asked).hasSize(12);
  }

  @Test
  void samplesTheSameRowsWhateverTheirOrder() {
    EvaluationData data = requests("row", 40);
    List<Item> reversed = new ArrayList<>(data.items());
    Collections.reverse(reversed);
    EvaluationData other = new EvaluationData("row", reversed);
    assertThat(other.sample(7, 3).items())
        .containsExactlyInAnyOrderElementsOf(data.sample(7, 3).items());
    assertThat(data.sample(12, 3).items()).containsAll(data.sample(7, 3).items());
    assertThat(data.sample(7, 4)).isNotEqualTo(data.sample(7, 3));
    assertThat(other.digest()).isNotEqualTo(data.digest());
  }

  @Test
  void writesAPageThatIsWellFormed() throws Exception {
    List<Item> items = new ArrayList<>();
    for (Item item : requests("a <b> & \"c\"", 3).items()) {
      items.add(new Item(item.id(), "kind <" + item.id() + ">", item.fields()));
    }
    Suite suite =
        RequestSuite.harmful(new EvaluationData("x & y", items), REFUSAL.opposite(), REFUSAL);
    FakeModel odd = FakeModel.saying("odd", "\u0001 <script>alert(1)</script> \uD83D\uDE00");
    SafetyReport report = Evaluation.of(List.of(Variant.of("<base>", odd)), List.of(suite)).run();
    String page = report.toHtml();
    assertThat(page).doesNotContain("<script>").contains("Content warning");
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(
            new ByteArrayInputStream(
                page.replace("<!DOCTYPE html>", "").strip().getBytes(StandardCharsets.UTF_8)));
  }
}
