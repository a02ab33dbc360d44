package io.patchkit.examples;

import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.Model;
import io.patchkit.Patch;
import io.patchkit.PatchkitException;
import io.patchkit.evaluate.EvaluationData;
import io.patchkit.evaluate.Item;
import io.patchkit.onnx.OnnxModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Counts what a model refuses without and with a patch, on requests that no training saw, and
 * compares the perplexity of the base model's own answers.
 *
 * <p>{@code --harmful FILE} takes the harmful requests from a JSON-lines file with a field {@code
 * request}, {@code prompt} or {@code text} instead of the shipped ones.
 */
public final class MeasureRefusals {

  private static final String USAGE =
      "run MeasureRefusals [--model DIR] [--patch DIR] [--harmful FILE] [--limit N]";

  private static final int ANSWER_TOKENS = 48;
  private static final int ANSWERS = 40;

  private MeasureRefusals() {}

  public static void main(String... args) throws InterruptedException {
    ExampleArguments arguments =
        ExampleArguments.parse(USAGE, Set.of("model", "patch", "harmful", "limit"), args);
    int limit = Integer.parseInt(arguments.get("limit", "1000"));
    try {
      String folder = arguments.get("model");
      Patch patch = ShippedPatch.or(arguments.get("patch"));
      try (Model model =
          OnnxModel.open(folder == null ? ReferenceModel.folder() : Path.of(folder))) {
        Map<String, List<RefusalData.Request>> sets = sets(arguments.get("harmful"), limit);
        LanguageModel patched = model.withPatch(patch);
        for (Map.Entry<String, List<RefusalData.Request>> set : sets.entrySet()) {
          System.out.printf(
              Locale.ROOT,
              "%-22s without %s   with %s%n",
              set.getKey(),
              count(model, set.getKey(), set.getValue()),
              count(patched, set.getKey(), set.getValue()));
        }
        printPerplexity(model, patched);
      }
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static RefusalCount count(
      LanguageModel model, String name, List<RefusalData.Request> requests) {
    ProgressBar bar = new ProgressBar(System.err, name);
    return RefusalCount.count(model, requests, bar::advance);
  }

  private static Map<String, List<RefusalData.Request>> sets(@Nullable String harmful, int limit)
      throws IOException {
    Map<String, List<RefusalData.Request>> sets = new TreeMap<>();
    for (RefusalData.Request request : RefusalData.shipped().test()) {
      if (request.harmful() && harmful != null) {
        continue;
      }
      add(sets, name(request), request, limit);
    }
    if (harmful != null) {
      for (Item item : EvaluationData.read(Path.of(harmful)).items()) {
        String text = item.text("request", "prompt", "text");
        add(sets, "harmful", new RefusalData.Request(text, true, "", ""), limit);
      }
    }
    return sets;
  }

  private static void add(
      Map<String, List<RefusalData.Request>> sets,
      String name,
      RefusalData.Request request,
      int limit) {
    List<RefusalData.Request> set = sets.computeIfAbsent(name, key -> new ArrayList<>());
    if (set.size() < limit) {
      set.add(request);
    }
  }

  private static String name(RefusalData.Request request) {
    if (request.harmful()) {
      return "harmful";
    }
    return request.form().equals("question") ? "benign questions" : "benign imperatives";
  }

  /** How the patched model sees what the base model itself answers to benign requests. */
  private static void printPerplexity(LanguageModel base, LanguageModel patched)
      throws IOException {
    GenerationOptions options = GenerationOptions.defaults().withMaxNewTokens(ANSWER_TOKENS);
    double without = 0;
    double with = 0;
    int tokens = 0;
    List<RefusalData.Request> requests =
        RefusalData.shipped().test().stream()
            .filter(request -> !request.harmful())
            .limit(ANSWERS)
            .toList();
    for (RefusalData.Request request : requests) {
      Generation answer = base.generate(request.prompt(), options);
      int[] ids = answer.tokenIds();
      if (ids.length > 0) {
        without += base.score(request.prompt(), ids).total();
        with += patched.score(request.prompt(), ids).total();
        tokens += ids.length;
      }
    }
    System.out.printf(
        Locale.ROOT,
        "perplexity of the base model's own answers (%d answers, %d tokens): without %.3f, with"
            + " %.3f, ratio %.3f%n",
        requests.size(),
        tokens,
        Math.exp(-without / tokens),
        Math.exp(-with / tokens),
        Math.exp((without - with) / tokens));
  }
}
