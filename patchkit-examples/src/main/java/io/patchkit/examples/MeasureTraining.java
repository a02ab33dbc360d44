package io.patchkit.examples;

import io.patchkit.KeyValuePrefix;
import io.patchkit.PatchkitException;
import io.patchkit.onnx.OnnxModel;
import io.patchkit.onnx.OnnxOptions;
import io.patchkit.onnx.gradient.GradientOptions;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.TrainingRow;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/**
 * Measures what a training step costs: the gradient of the log-likelihood of answers with respect
 * to key/values of 50 virtual tokens, the weights frozen. Prints one line of JSON for a comparison
 * with other engines ({@code peers/train_step.py}). With {@code --shared} all rows begin alike, as
 * chats with one system message do; {@code --per-run} says how many are computed at once.
 */
public final class MeasureTraining {

  private static final String USAGE =
      "run MeasureTraining [--model DIR] [--steps N] [--rows N] [--positions N] [--shared N]"
          + " [--per-run N] [--threads N]";
  private static final int PREFIX = 50;

  private MeasureTraining() {}

  public static void main(String... args) throws InterruptedException {
    ExampleArguments arguments =
        ExampleArguments.parse(
            USAGE,
            Set.of("model", "steps", "rows", "positions", "shared", "per-run", "threads"),
            args);
    int threads = Integer.parseInt(arguments.get("threads", "1"));
    try {
      String given = arguments.get("model");
      Path folder = given == null ? ReferenceModel.trainingFolder() : Path.of(given);
      try (OnnxModel model = OnnxModel.open(folder, OnnxOptions.defaults().withThreads(threads))) {
        measure(
            model,
            GradientOptions.defaults()
                .withThreads(threads)
                .withRowsPerRun(Integer.parseInt(arguments.get("per-run", "8"))),
            Integer.parseInt(arguments.get("steps", "5")),
            rows(
                Integer.parseInt(arguments.get("rows", "4")),
                Integer.parseInt(arguments.get("positions", "109")),
                Integer.parseInt(arguments.get("shared", "0"))));
      }
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void measure(
      OnnxModel model, GradientOptions options, int steps, List<TrainingRow> rows)
      throws IOException {
    List<Double> times = new ArrayList<>();
    KeyValuePrefix[] prefix = new KeyValuePrefix[1];
    long began = System.nanoTime();
    try (DifferentiableModel trained = model.differentiable(options)) {
      // Graphs are built and sessions opened when they are first needed.
      double first =
          ProcessCost.milliseconds(
              () -> {
                prefix[0] = trained.keyValues(tokens(0, PREFIX));
                trained.gradient(prefix[0], rows);
              });
      double firstClock = (System.nanoTime() - began) / 1e9;
      for (int step = 0; step < steps; step++) {
        times.add(ProcessCost.milliseconds(() -> trained.gradient(prefix[0], rows)));
      }
      print(times, first, firstClock);
    }
  }

  private static void print(List<Double> times, double first, double firstClock)
      throws IOException {
    System.out.printf(
        Locale.ROOT,
        "{\"engine\": \"patchkit\", \"cpu_s_per_step\": %.3f, \"peak_mb\": %d,"
            + " \"first_cpu_s\": %.1f, \"first_clock_s\": %.1f}%n",
        ProcessCost.median(times) / 1000,
        ProcessCost.peakMegabytes(),
        first / 1000,
        firstClock);
  }

  /** The second half of each row is its answer; all rows begin with {@code shared} tokens. */
  private static List<TrainingRow> rows(int count, int length, int shared) {
    List<TrainingRow> rows = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      int[] tokens = tokens(row + 1, length);
      System.arraycopy(tokens(0, shared), 0, tokens, 0, shared);
      int first = length / 2;
      int[] positions = new int[length - first];
      for (int i = 0; i < positions.length; i++) {
        positions[i] = first + i;
      }
      double[] weights = new double[positions.length];
      Arrays.fill(weights, 1.0 / positions.length / count);
      rows.add(
          TrainingRow.of(tokens, positions, Arrays.copyOfRange(tokens, first, length), weights));
    }
    return rows;
  }

  /** From those that every vocabulary has. */
  private static int[] tokens(long seed, int length) {
    Random random = new Random(seed);
    int[] tokens = new int[length];
    for (int i = 0; i < length; i++) {
      tokens[i] = 20 + random.nextInt(200);
    }
    return tokens;
  }
}
