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
import java.util.stream.Stream;

/**
 * A conformance case seen as a bare decoder: token ids in, logits and gradients out.
 *
 * @param name of the case
 * @param folder holds {@code model.onnx}
 * @param expected what torch computed
 */
public record DecoderCase(String name, Path folder, JsonNode expected) {

  /** Every case there is. */
  public static Stream<DecoderCase> all() {
    return ConformanceCase.all().stream()
        .map(found -> new DecoderCase(found.name(), found.folder(), found.expected()));
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
    return expected.get("oracle").asText().equals("onnxruntime");
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
    return name;
  }
}
