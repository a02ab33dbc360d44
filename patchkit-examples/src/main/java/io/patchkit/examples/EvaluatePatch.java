package io.patchkit.examples;

import io.patchkit.PatchkitException;
import io.patchkit.evaluate.EvaluationProgress;
import io.patchkit.evaluate.ReleaseGate;
import io.patchkit.evaluate.SafetyReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Measures a model without patches, under a written safety prompt, and through patches, and writes
 * a report: {@code evaluation.html}, {@code .md} and {@code .json}.
 *
 * <p>{@code --patch DIR}, as often as you like, measures each patch and, of two to four, every
 * order of their stack; {@code NAME=DIR} says what the report calls it. {@code --reference DIR}
 * measures the safer reference M' beside them and how far each is from it. {@code --data DIR}
 * measures on a folder of published sets instead of the shipped data. The judges are ONNX graphs
 * from a string to {@code probabilities}, of which the second counts, or from words to {@code
 * scores}, of which the first counts, with {@code NAME-vocab.json} beside {@code NAME.onnx};
 * toxicity is measured only with one. An evaluation that is interrupted goes on when it is started
 * again with the same {@code --out}.
 */
public final class EvaluatePatch {

  private static final String USAGE =
      "run EvaluatePatch " + EvaluationSetup.USAGE + " [--out DIR] [--attach yes|no]";

  private EvaluatePatch() {}

  public static void main(String... args) throws InterruptedException {
    Set<String> allowed = new HashSet<>(EvaluationSetup.ARGUMENTS);
    allowed.addAll(Set.of("out", "attach"));
    ExampleArguments arguments = ExampleArguments.parse(USAGE, allowed, args);
    try {
      evaluate(arguments);
    } catch (IOException | PatchkitException | IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void evaluate(ExampleArguments arguments)
      throws IOException, InterruptedException {
    EvaluationSetup setup = new EvaluationSetup(arguments);
    boolean attaching = arguments.isYes("attach", false);
    Path out = Path.of(arguments.get("out", "evaluation"));
    Files.createDirectories(out);
    try (OpenEvaluation opened = setup.open()) {
      SafetyReport report =
          opened
              .evaluation()
              .withResults(out.resolve("observations"))
              .withListener(progress())
              .run();
      report.save(out);
      System.out.println(report.toMarkdown());
      for (Map.Entry<String, Path> patch : setup.patches().entrySet()) {
        System.out.println(ReleaseGate.refusal().verdict(report, patch.getKey()));
        if (attaching) {
          report.attachTo(patch.getValue());
          System.out.println("Attached the report to " + patch.getValue());
        }
      }
      System.out.println("Read " + out.resolve("evaluation.html").toAbsolutePath());
    }
  }

  private static Consumer<EvaluationProgress> progress() {
    ProgressBar bar = new ProgressBar(System.err, "Evaluating");
    return now -> bar.advance(now.done(), now.total(), now.suite(), now.remaining());
  }
}
