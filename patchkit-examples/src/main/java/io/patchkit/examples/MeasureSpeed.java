package io.patchkit.examples;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
import io.patchkit.LanguageModel;
import io.patchkit.ModelMetrics;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.PatchkitException;
import io.patchkit.Prompt;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.OnnxModel;
import io.patchkit.onnx.OnnxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Measures what running a model costs, with and without patches. All quantities are taken in turn,
 * round after round, and the median is shown; time is the processor time of this process, which
 * other work on the machine disturbs less than the clock. {@code --decode true} prints only the
 * decoding figures, as one line of JSON for a comparison with other engines ({@code
 * peers/decode_speed.py}).
 */
public final class MeasureSpeed {

  private static final String USAGE =
      "run MeasureSpeed [--model DIR] [--rounds N] [--tokens N] [--threads N] [--decode true]";
  private static final int PROMPT_TOKENS = 32;
  private static final int PATCH_TOKENS = 50;

  /** How often short work is done for one figure: processor time is counted in ticks of 10 ms. */
  private static final int REPEATS = 8;

  private final OnnxModel model;
  private final int tokens;
  private final Map<String, List<Double>> figures = new LinkedHashMap<>();
  private long seed;

  private MeasureSpeed(OnnxModel model, int tokens) {
    this.model = model;
    this.tokens = tokens;
  }

  public static void main(String... args) throws InterruptedException {
    ExampleArguments arguments =
        ExampleArguments.parse(
            USAGE, Set.of("model", "rounds", "tokens", "threads", "decode"), args);
    int rounds = Integer.parseInt(arguments.get("rounds", "5"));
    int threads = Integer.parseInt(arguments.get("threads", "1"));
    try {
      String folder = arguments.get("model");
      Path path = folder == null ? ReferenceModel.folder() : Path.of(folder);
      try (OnnxModel model = OnnxModel.open(path, OnnxOptions.defaults().withThreads(threads))) {
        MeasureSpeed measuring =
            new MeasureSpeed(model, Integer.parseInt(arguments.get("tokens", "64")));
        if (arguments.get("decode") != null) {
          measuring.printDecoding(rounds);
        } else {
          measuring.print(rounds);
        }
      }
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private void printDecoding(int rounds) throws IOException {
    for (int round = -1; round < rounds; round++) {
      decode(model, "decode", greedy());
      forgetWarmUp(round);
    }
    System.out.printf(
        Locale.ROOT,
        "{\"engine\": \"patchkit\", \"cpu_ms_per_token\": %.3f, \"peak_mb\": %d}%n",
        median("decode"),
        ProcessCost.peakMegabytes());
  }

  private void print(int rounds) throws IOException {
    LanguageModel patched = model.withPatch(newPatch());
    for (int round = -1; round < rounds; round++) {
      decode(model, "decode, greedy, ms a token", greedy());
      decode(patched, "decode, greedy, 50-token patch, ms a token", greedy());
      decode(model, "decode, top-p 0.9, ms a token", nucleus());
      firstToken(model, "first token, ms");
      firstToken(patched, "first token, warm 50-token patch, ms");
      switching();
      encoding();
      for (int rows : new int[] {1, 4, 8}) {
        batch(rows);
      }
      forgetWarmUp(round);
    }
    System.out.println("| figure (processor time; median of " + rounds + ") | value |");
    System.out.println("|---|---|");
    for (String figure : figures.keySet()) {
      System.out.printf(Locale.ROOT, "| %s | %.3f |%n", figure, median(figure));
    }
    System.out.println("| peak memory of the process, MB | " + ProcessCost.peakMegabytes() + " |");
  }

  private GenerationOptions greedy() {
    return GenerationOptions.defaults().withMaxNewTokens(tokens).withIgnoreStopTokens(true);
  }

  private GenerationOptions nucleus() {
    return greedy().withTemperature(1).withTopP(0.9);
  }

  private void decode(LanguageModel view, String figure, GenerationOptions options) {
    Prompt prompt = prompt(PROMPT_TOKENS);
    double first =
        ProcessCost.milliseconds(() -> view.generate(prompt, options.withMaxNewTokens(1)));
    ModelMetrics before = model.metrics();
    Generation[] generation = new Generation[1];
    double all = ProcessCost.milliseconds(() -> generation[0] = view.generate(prompt, options));
    ModelMetrics after = model.metrics();
    note(figure, (all - first) / (tokens - 1));
    double inPasses = after.decodeTime().minus(before.decodeTime()).toNanos() / 1e6;
    double onTheClock =
        generation[0].total().minus(generation[0].timeToFirstToken()).toNanos() / 1e6;
    note(
        figure.replace(", ms a token", "") + ", outside the runtime, % of the clock",
        100 * (1 - inPasses / onTheClock));
  }

  private void firstToken(LanguageModel view, String figure) {
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < REPEATS; i++) {
      prompts.add(prompt(PROMPT_TOKENS));
    }
    note(figure, firstTokens(view, prompts) / REPEATS);
  }

  private double firstTokens(LanguageModel view, List<Prompt> prompts) {
    return ProcessCost.milliseconds(
        () -> prompts.forEach(prompt -> view.generate(prompt, greedy().withMaxNewTokens(1))));
  }

  private void switching() {
    Patch one = newPatch();
    Patch other = newPatch();
    model.withPatch(one);
    model.withPatch(other);
    int times = 1000;
    double all =
        ProcessCost.milliseconds(
            () -> {
              for (int i = 0; i < times; i++) {
                model.withPatch(i % 2 == 0 ? one : other);
              }
            });
    note("switching to a cached patch, ms", all / times);
  }

  private void encoding() {
    List<Patch> patches = new ArrayList<>();
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < REPEATS; i++) {
      patches.add(newPatch());
      prompts.add(prompt(PATCH_TOKENS));
    }
    note(
        "encoding a new 50-token soft prompt, ms",
        ProcessCost.milliseconds(() -> patches.forEach(model::withPatch)) / REPEATS);
    note("prefill of 50 ordinary tokens, ms", firstTokens(model, prompts) / REPEATS);
  }

  private void batch(int rows) {
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      requests.add(GenerationRequest.of(prompt(PROMPT_TOKENS), greedy()));
    }
    List<GenerationRequest> firsts = new ArrayList<>();
    for (GenerationRequest request : requests) {
      firsts.add(GenerationRequest.of(request.prompt(), greedy().withMaxNewTokens(1)));
    }
    double first = ProcessCost.milliseconds(() -> model.generateAll(firsts));
    double all = ProcessCost.milliseconds(() -> model.generateAll(requests));
    note(
        "decode in batches of " + rows + ", tokens a second of processor time",
        rows * (tokens - 1) * 1000 / (all - first));
  }

  /** Other tokens each time, from those that every vocabulary has. */
  private Prompt prompt(int length) {
    Random random = new Random(seed++);
    int[] ids = new int[length];
    for (int i = 0; i < length; i++) {
      ids[i] = 20 + random.nextInt(200);
    }
    return Prompt.tokens(ids);
  }

  /** A patch of random embeddings, new to the cache. */
  private Patch newPatch() {
    int hidden = model.shape().hiddenSize();
    Random random = new Random(seed++);
    float[] rows = new float[PATCH_TOKENS * hidden];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = 0.1f * (float) random.nextGaussian();
    }
    return Patch.of(
        PatchManifest.of(
            "random", new SemanticVersion(1, 0, 0, ""), BaseModel.of(model), Instant.EPOCH),
        SoftPrompt.of(hidden, EmbeddingSpace.LAYER_INPUT, rows));
  }

  private void note(String figure, double value) {
    figures.computeIfAbsent(figure, key -> new ArrayList<>()).add(value);
  }

  private void forgetWarmUp(int round) {
    if (round < 0) {
      figures.clear();
    }
  }

  private double median(String figure) {
    return ProcessCost.median(figures.getOrDefault(figure, List.of()));
  }
}
