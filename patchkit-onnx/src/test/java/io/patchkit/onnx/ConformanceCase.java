package io.patchkit.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.patchkit.EmbeddingSpace;
import io.patchkit.Patch;
import io.patchkit.PatchStack;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A tiny model with values that torch, transformers and PEFT computed for it. A case is a model
 * folder that also holds {@code expected.json}; {@code src/test/python/make_cases.py} writes them.
 */
public record ConformanceCase(String name, Path folder, JsonNode expected) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * The cases of the project's own test resources, and those of {@code -Dpatchkit.cases=DIR} where
   * it is given.
   */
  public static List<ConformanceCase> all() {
    List<ConformanceCase> cases = new ArrayList<>(in(Path.of("src/test/resources/cases")));
    String given = System.getProperty("patchkit.cases", "");
    if (!given.isEmpty()) {
      Path folder = Path.of(given);
      if (!Files.isDirectory(folder)) {
        throw new IllegalArgumentException("patchkit.cases is " + given + ", which is no folder");
      }
      cases.addAll(in(folder));
    }
    return cases;
  }

  private static List<ConformanceCase> in(Path root) {
    List<ConformanceCase> cases = new ArrayList<>();
    try (Stream<Path> folders = Files.list(root)) {
      for (Path folder : folders.sorted().toList()) {
        try (Stream<Path> files = Files.list(folder)) {
          for (Path file : files.sorted().toList()) {
            if (file.getFileName().toString().matches("expected(-.+)?\\.json")) {
              String suffix = file.getFileName().toString().replaceAll("expected|\\.json", "");
              cases.add(
                  new ConformanceCase(
                      folder.getFileName() + suffix, folder, JSON.readTree(file.toFile())));
            }
          }
        } catch (java.nio.file.NotDirectoryException e) {
          continue; // A note beside the cases.
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return cases;
  }

  /** Whether the graph's values depend on the processor: int4 with quantised activations. */
  boolean isInt4() {
    return expected.get("oracle").asText().equals("onnxruntime");
  }

  /** Which side of the embedding scale the adapters of this oracle live on. */
  public EmbeddingSpace space() {
    return expected.get("model").get("inputs_embeds_scale_in_forward").asDouble() == 1
        ? EmbeddingSpace.LAYER_INPUT
        : EmbeddingSpace.TOKEN_TABLE;
  }

  /** The names of the patch stacks with expected values. */
  public List<String> stacks() {
    List<String> names = new ArrayList<>();
    expected.get("patches").fieldNames().forEachRemaining(names::add);
    return names;
  }

  public PatchStack stack(String name) {
    List<Patch> patches = new ArrayList<>();
    for (JsonNode adapter : expected.get("patches").get(name)) {
      String dir = expected.get("adapters").get(adapter.asText()).get("dir").asText();
      patches.add(Patch.fromPeft(folder.resolve(dir), space()));
    }
    return PatchStack.of(patches);
  }

  JsonNode values(String stack, int prompt) {
    return expected.get("values").get(stack).get(prompt);
  }

  int prompts() {
    return expected.get("prompts").size();
  }

  JsonNode prompt(int index) {
    return expected.get("prompts").get(index);
  }

  static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asDouble();
    }
    return values;
  }

  @Override
  public String toString() {
    return name;
  }
}
