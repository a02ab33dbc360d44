package io.patchkit.examples;

import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.PatchkitException;
import io.patchkit.Prompt;
import io.patchkit.onnx.OnnxModel;
import io.patchkit.onnx.OnnxOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Measures what the options of a model cost and save: first token, further tokens and peak memory
 * behind a prompt of {@code --prompt} tokens. Every setting runs in a process of its own, since
 * memory that a process once had shows in its peak; the settings take turns, round after round, and
 * medians are shown.
 */
public final class MeasureOptions {

  private static final String USAGE =
      "run MeasureOptions [--model DIR] [--rounds N] [--prompt N] [--tokens N] [--only SETTING ...]";

  /** Settings by name, all else being the default. */
  private static final Map<String, UnaryOperator<OnnxOptions>> SETTINGS = settings();

  private MeasureOptions() {}

  private static Map<String, UnaryOperator<OnnxOptions>> settings() {
    Map<String, UnaryOperator<OnnxOptions>> settings = new LinkedHashMap<>();
    settings.put("defaults", options -> options);
    settings.put("threads=1", options -> options.withThreads(1));
    settings.put("spinning=true", options -> options.withSpinning(true));
    settings.put("prepacking=false", options -> options.withPrepacking(false));
    settings.put("arena=false", options -> options.withArena(false));
    settings.put("prefillChunk=128", options -> options.withPrefillChunk(128));
    settings.put("prefillChunk=8192", options -> options.withPrefillChunk(8192));
    return settings;
  }

  public static void main(String... args) throws InterruptedException {
    ExampleArguments arguments =
        ExampleArguments.parse(
            USAGE, Set.of("model", "rounds", "prompt", "tokens", "only", "setting"), args);
    try {
      String setting = arguments.get("setting");
      if (setting != null) {
        System.out.println(Cost.measure(arguments, setting));
      } else {
        compare(arguments, args);
      }
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void compare(ExampleArguments arguments, String... args)
      throws IOException, InterruptedException {
    List<String> only = arguments.all("only");
    List<String> chosen = only.isEmpty() ? List.copyOf(SETTINGS.keySet()) : only;
    chosen.forEach(MeasureOptions::setting);
    Map<String, List<Cost>> costs = new LinkedHashMap<>();
    for (int round = 0; round < arguments.number("rounds", 3); round++) {
      for (String setting : chosen) {
        costs
            .computeIfAbsent(setting, key -> new ArrayList<>())
            .add(Cost.parse(inProcessOfItsOwn(setting, args)));
      }
    }
    System.out.println(
        "| setting | first token, processor ms | clock ms | a further token, processor ms"
            + " | clock ms | peak MB |");
    System.out.println("|---|---|---|---|---|---|");
    costs.forEach((setting, of) -> System.out.println("| " + setting + Cost.medians(of)));
  }

  private static UnaryOperator<OnnxOptions> setting(String name) {
    UnaryOperator<OnnxOptions> setting = SETTINGS.get(name);
    if (setting == null) {
      throw new PatchkitException("setting is " + name + "; allowed: one of " + SETTINGS.keySet());
    }
    return setting;
  }

  /** Starts this program again, in the same Java with the same options. */
  private static String inProcessOfItsOwn(String setting, String... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(MeasureOptions.class.getName());
    command.addAll(List.of(args));
    command.addAll(List.of("--setting", setting));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String printed =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0) {
      throw new IOException("measuring " + setting + " failed with status " + process.exitValue());
    }
    return printed;
  }

  /**
   * What one process measured, in milliseconds.
   *
   * @param first token, processor time
   * @param firstClock the same on the clock
   * @param further a token after the first, processor time
   * @param furtherClock the same on the clock
   */
  private record Cost(
      double first, double firstClock, double further, double furtherClock, double peakMegabytes) {

    static Cost measure(ExampleArguments arguments, String setting)
        throws IOException, InterruptedException {
      UnaryOperator<OnnxOptions> chosen = setting(setting);
      String folder = arguments.get("model");
      Path path = folder == null ? ReferenceModel.folder() : Path.of(folder);
      int tokens = arguments.number("tokens", 64);
      GenerationOptions options =
          GenerationOptions.defaults().withIgnoreStopTokens(true).withMaxNewTokens(1);
      try (OnnxModel model = OnnxModel.open(path, chosen.apply(OnnxOptions.defaults()))) {
        model.generate(prompt(32, 1), options.withMaxNewTokens(tokens));
        Prompt prompt = prompt(arguments.number("prompt", 1024), 2);
        double first = ProcessCost.milliseconds(() -> model.generate(prompt, options));
        Generation[] generation = new Generation[1];
        double all =
            ProcessCost.milliseconds(
                () -> generation[0] = model.generate(prompt, options.withMaxNewTokens(tokens)));
        double firstClock = generation[0].timeToFirstToken().toNanos() / 1e6;
        double allClock = generation[0].total().toNanos() / 1e6;
        return new Cost(
            first,
            firstClock,
            (all - first) / (tokens - 1),
            (allClock - firstClock) / (tokens - 1),
            ProcessCost.peakMegabytes());
      }
    }

    private static Prompt prompt(int length, long seed) {
      return Prompt.tokens(new Random(seed).ints(length, 20, 220).toArray());
    }

    static Cost parse(String line) {
      double[] numbers = Stream.of(line.split(" ")).mapToDouble(Double::parseDouble).toArray();
      return new Cost(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    }

    static String medians(List<Cost> costs) {
      return String.format(
          Locale.ROOT,
          " | %.0f | %.0f | %.2f | %.2f | %.0f |",
          median(costs, Cost::first),
          median(costs, Cost::firstClock),
          median(costs, Cost::further),
          median(costs, Cost::furtherClock),
          median(costs, Cost::peakMegabytes));
    }

    private static double median(List<Cost> costs, ToDoubleFunction<Cost> figure) {
      return ProcessCost.median(costs.stream().mapToDouble(figure).boxed().toList());
    }

    @Override
    public String toString() {
      return first + " " + firstClock + " " + further + " " + furtherClock + " " + peakMegabytes;
    }
  }
}
