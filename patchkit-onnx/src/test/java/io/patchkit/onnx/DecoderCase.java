package io.patchkit.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.SlidingWindowCache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A folder with a decoder, adapters and the values that torch computes with them.
 *
 * @param folder holds {@code model.onnx} and {@code expected.json}
 * @param expected the parsed {@code expected.json}
 */
public record DecoderCase(Path folder, JsonNode expected) {

  /**
   * Every case of the folder that {@code -Dpatchkit.cases} names, else of the repository's
   * neighbour {@code shared/cases}; skips the test where there is none.
   */
  public static Stream<DecoderCase> all() {
    List<DecoderCase> cases = new ArrayList<>();
    for (Path folder : folders()) {
      cases.add(of(folder));
    }
    return cases.stream();
  }

  private static List<Path> folders() {
    String named = System.getProperty("patchkit.cases", "");
    Path root = Path.of(named.isEmpty() ? "../../shared/cases" : named);
    Assumptions.assumeTrue(Files.isDirectory(root), "no conformance cases in " + root);
    try (Stream<Path> folders = Files.list(root)) {
      return folders
          .filter(
              folder ->
                  Files.exists(folder.resolve("model.onnx"))
                      && Files.exists(folder.resolve("expected.json")))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static DecoderCase of(Path folder) {
    try {
      return new DecoderCase(
          folder, new ObjectMapper().readTree(folder.resolve("expected.json").toFile()));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  public ModelFile model() {
    return ModelFile.read(folder.resolve("model.onnx"));
  }

  /** The graph, with a cache that may be empty. */
  public Graph graph() {
    Graph graph = model().graph();
    SlidingWindowCache.grow(graph);
    return graph;
  }

  public boolean isInt4() {
    return folder.getFileName().toString().endsWith("-int4");
  }

  /** The ids of prompt {@code index}. */
  public long[] prompt(int index) {
    return longs(expected.at("/prompts/" + index + "/input_ids"));
  }

  /** What the model multiplies vectors that are fed to it by. */
  public float inputScale() {
    return (float) expected.at("/model/inputs_embeds_scale_in_forward").asDouble(1);
  }

  /** The prompt-tuning adapter {@code name}, [tokens][hidden] as stored. */
  public float[][] adapter(String name) {
    JsonNode adapter = expected.at("/adapters/" + name);
    int rows = adapter.at("/shape/0").asInt();
    int width = adapter.at("/shape/1").asInt();
    Path file = folder.resolve(adapter.get("dir").asText()).resolve("adapter_model.safetensors");
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      int header = Math.toIntExact(bytes.getLong());
      JsonNode tensor =
          new ObjectMapper()
              .readTree(new String(bytes.array(), 8, header, StandardCharsets.UTF_8))
              .get("prompt_embeddings");
      bytes.position(8 + header + tensor.at("/data_offsets/0").asInt());
      float[][] values = new float[rows][width];
      for (float[] row : values) {
        for (int i = 0; i < width; i++) {
          row[i] = bytes.getFloat();
        }
      }
      return values;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  public static long[] longs(JsonNode array) {
    long[] values = new long[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asLong();
    }
    return values;
  }

  public static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }

  @Override
  public String toString() {
    return folder.getFileName().toString();
  }
}
