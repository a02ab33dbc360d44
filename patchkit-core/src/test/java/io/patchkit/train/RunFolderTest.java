package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.Prefix;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

class RunFolderTest {

  @TempDir private Path folder;

  private final TinyModel model = new TinyModel(5);
  private final Clock clock = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private final TrainingPlan plan =
      TrainingPlan.of(
              new Initialisation.RandomNormal(Parametrisation.KEY_VALUE, 3, 0.5),
              25,
              Term.steer("refuse", Sft.of(TinyData.refusals(model)), 2),
              Term.steer("prefer", Dpo.of(TinyData.pairs(model)), 2),
              Term.preserve("benign", new Counterfactual(TinyData.benign(model), 4), 2))
          .withLearningRate(LearningRate.cosine(0.05))
          .withValidation(
              Validation.every(10, Term.preserve("held-out", Sft.of(TinyData.benign(model)), 1)));

  private PatchTrainer trainer(Path directory) {
    return PatchTrainer.of(model, plan)
        .in(RunFolder.of(directory))
        .withCheckpoints(directory.resolve("checkpoints"), 4)
        .withClock(clock);
  }

  @Test
  void metricsHaveALineForEveryStepAndJudgement() throws IOException {
    trainer(folder).train();
    List<JsonObject> lines = metrics(folder);
    assertThat(lines).hasSize(25 + 4);
    assertThat(lines.get(0).string("event")).isEqualTo("validation");
    JsonObject step = lines.get(1);
    assertThat(step.names())
        .containsExactly(
            "event",
            "step",
            "loss",
            "terms",
            "gradient_norm",
            "learning_rate",
            "tokens",
            "tokens_per_second",
            "elapsed_seconds",
            "remaining_seconds");
    assertThat(step.array("terms").object(1).names())
        .containsExactly("name", "loss", "reward_chosen", "reward_rejected", "margin", "accuracy");
    assertThat(step.array("terms").object(2).names()).containsExactly("name", "loss", "kl");
    assertThat(StrictJson.loadObject(folder.resolve("plan.json"), JsonLimits.defaults()).toString())
        .isEqualTo(plan.describe());
  }

  @Test
  void aResumedTrainingLeavesTheFilesOfAnUninterruptedOne() throws IOException {
    Path whole = folder.resolve("whole");
    Path cut = folder.resolve("cut");
    trainer(whole).train();
    for (int crash : new int[] {2, 4, 13, 20, 24}) {
      TrainingListener crashing =
          new TrainingListener() {
            @Override
            public void onStep(TrainingProgress progress) {
              if (progress.step() == crash) {
                throw new IllegalStateException("crash");
              }
            }
          };
      assertThatThrownBy(() -> trainer(cut).withListener(crashing).train()).hasMessage("crash");
      Files.writeString(
          cut.resolve("metrics.jsonl"),
          Files.readString(cut.resolve("metrics.jsonl")) + "{\"event\":\"st");
    }
    trainer(cut).train();
    for (String file : List.of("metrics.jsonl", "curves.html", "plan.json")) {
      assertThat(cut.resolve(file)).hasSameTextualContentAs(whole.resolve(file));
    }
    trainer(cut).train();
    assertThat(cut.resolve("metrics.jsonl"))
        .hasSameTextualContentAs(whole.resolve("metrics.jsonl"));
  }

  @Test
  void aNewTrainingOverwritesTheMetricsOfAnOlder() throws IOException {
    PatchTrainer unstored =
        PatchTrainer.of(model, plan).withListener(RunFolder.of(folder)).withClock(clock);
    unstored.train();
    unstored.train();
    assertThat(metrics(folder)).hasSize(25 + 4);
  }

  @Test
  void thePageStandsAloneAndIsWellFormed() throws Exception {
    trainer(folder).train();
    String html = Files.readString(folder.resolve("curves.html"));
    assertThat(html)
        .contains(
            "25 of 25", "<h2>Margin and rewards</h2>", "Held-out loss", "prefers-color-scheme")
        .doesNotContain("http", "src=", "<script", "@import", "url(");
    Document document = parse(html);
    assertThat(document.getElementsByTagName("svg").getLength())
        .isEqualTo(document.getElementsByTagName("h2").getLength())
        .isEqualTo(8);
    assertThat(document.getElementsByTagName("polyline").getLength()).isEqualTo(4 + 3 + 1 + 1 + 4);
  }

  @Test
  void warningsAreShownEscaped() throws Exception {
    RunFolder run = RunFolder.of(folder);
    run.onStart(plan, 0);
    run.onWarning(
        new TrainingWarning(TrainingWarning.Kind.NOT_FINITE, 3, "<b>\"loss\" & more</b>"));
    String html = Files.readString(run.page());
    assertThat(parse(html).getElementsByTagName("b").getLength()).isZero();
    assertThat(html).contains("Step 3: &lt;b&gt;&quot;loss&quot; &amp; more");
    assertThatThrownBy(() -> RunFolder.of(folder).onWarning(new TrainingWarning(null, 0, "early")))
        .isInstanceOf(IllegalStateException.class);
  }

  private void failWith(Throwable cause) {
    TrainingListener failing =
        new TrainingListener() {
          @Override
          public void onStep(TrainingProgress progress) {
            if (progress.step() == 12) {
              if (cause instanceof Error error) {
                throw error;
              }
              throw (RuntimeException) cause;
            }
          }
        };
    assertThatThrownBy(() -> trainer(folder).withListener(failing).train()).isSameAs(cause);
  }

  @Test
  void anErrorIsTheStateOfThePage() throws IOException {
    failWith(new OutOfMemoryError("Java heap space"));
    assertThat(Files.readString(folder.resolve("curves.html")))
        .contains("13 of 25", "failed: java.lang.OutOfMemoryError: Java heap space")
        .doesNotContain("running");
  }

  @Test
  void aFailureIsTheStateOfThePageAndALineOfTheMetrics() throws Exception {
    failWith(new IllegalStateException("no <i>room</i> & no time"));
    String html = Files.readString(folder.resolve("curves.html"));
    assertThat(html)
        .contains("13 of 25", "failed: no &lt;i&gt;room&lt;/i&gt; &amp; no time")
        .doesNotContain("running", "Time left");
    assertThat(parse(html).getElementsByTagName("i").getLength())
        .isEqualTo(parse(html).getElementsByTagName("li").getLength());
    List<JsonObject> lines = metrics(folder);
    JsonObject last = lines.get(lines.size() - 1);
    assertThat(last.string("event")).isEqualTo("failure");
    assertThat(last.integer("step", 0, 25)).isEqualTo(13);
    assertThat(last.string("outcome")).isEqualTo("failed: no <i>room</i> & no time");
    trainer(folder).train();
    assertThat(metrics(folder)).hasSize(25 + 4);
    assertThat(Files.readString(folder.resolve("curves.html"))).doesNotContain("failed");
  }

  @Test
  void anInterruptIsTheStateOfThePage() throws IOException {
    TrainingListener interrupting =
        new TrainingListener() {
          @Override
          public void onStep(TrainingProgress progress) {
            Thread.currentThread().interrupt();
          }
        };
    assertThatThrownBy(() -> trainer(folder).withListener(interrupting).train())
        .isInstanceOf(TrainingInterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(Files.readString(folder.resolve("curves.html")))
        .contains("1 of 25", "<dd>interrupted</dd>");
  }

  @Test
  void anInterruptBeforeAResumedTrainingIsTheStateOfThePage() throws IOException {
    assertThatThrownBy(() -> trainer(folder).withListener(new CrashAfter(9)).train())
        .isInstanceOf(CrashAfter.Crash.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> trainer(folder).train())
        .isInstanceOf(TrainingInterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(Files.readString(folder.resolve("curves.html")))
        .contains("8 of 25", "<dd>interrupted</dd>");
  }

  @Test
  void aDivergenceWhileJudgingIsTheStateOfThePageWithAWarning() throws IOException {
    TinyModel broken =
        new TinyModel(5) {
          @Override
          public RowLogProbabilities logProbabilities(
              @Nullable Prefix prefix, List<TrainingRow> rows) {
            return RowLogProbabilities.of(
                rows.stream()
                    .map(
                        row -> {
                          double[] none = new double[row.targets()];
                          Arrays.fill(none, Double.NEGATIVE_INFINITY);
                          return none;
                        })
                    .toList());
          }
        };
    assertThatThrownBy(() -> PatchTrainer.of(broken, plan).in(RunFolder.of(folder)).train())
        .isInstanceOf(TrainingDivergedException.class);
    assertThat(Files.readString(folder.resolve("curves.html")))
        .contains("<dd>diverged</dd>", "the held-out loss Infinity");
  }

  @Test
  void aListenerThatFailsToHearOfAFailureKeepsItFromNobody() throws IOException {
    TrainingListener deaf =
        new TrainingListener() {
          @Override
          public void onStep(TrainingProgress progress) {
            throw new IllegalStateException("first");
          }

          @Override
          public void onFailure(Throwable cause) {
            throw new IllegalStateException("second");
          }
        };
    assertThatThrownBy(
            () ->
                PatchTrainer.of(model, plan)
                    .withListener(deaf)
                    .withListener(RunFolder.of(folder))
                    .train())
        .hasMessage("first")
        .hasSuppressedException(new IllegalStateException("second"));
    assertThat(Files.readString(folder.resolve("curves.html"))).contains("failed: first");
    RunFolder.of(folder.resolve("unstarted")).onFailure(new IllegalStateException("early"));
    assertThat(folder.resolve("unstarted")).isEmptyDirectory();
  }

  private static Document parse(String html) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(html.getBytes(StandardCharsets.UTF_8)));
  }

  private static List<JsonObject> metrics(Path directory) throws IOException {
    List<JsonObject> lines = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve("metrics.jsonl"))) {
      JsonObject json =
          StrictJson.parseObject(line.getBytes(StandardCharsets.UTF_8), JsonLimits.defaults());
      if (!json.string("event").equals("warning")) {
        lines.add(json);
      }
    }
    return lines;
  }
}
