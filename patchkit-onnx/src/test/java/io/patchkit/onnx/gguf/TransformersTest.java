package io.patchkit.onnx.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A checkpoint that gguf-py wrote, with rows permuted as llama.cpp's converter does, against the
 * logits that transformers computes of the same weights: names, order of rows, rope factors, norms
 * and every step between.
 */
class TransformersTest {

  @TempDir Path folder;

  @Test
  void logitsAreThoseOfTransformers() throws Exception {
    Path model = folder.resolve("model");
    GgufImport.convert(OracleFiles.llama3(folder), model);
    JsonNode expected = OracleFiles.json("expected.json").get("llama3");
    int[] ids = new int[expected.get("ids").size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = expected.get("ids").get(i).asInt();
    }
    try (ImportedModel exact = ImportedModel.openExact(model);
        ImportedModel fast = ImportedModel.open(model)) {
      float[][] exactLogits = exact.logits(ids);
      float[][] fastLogits = fast.logits(ids);
      for (int i = 0; i < expected.get("positions").size(); i++) {
        int position = expected.get("positions").get(i).asInt();
        float[] row = floats(expected.get("logits").get(i));
        assertThat(exactLogits[position]).containsExactly(row, Offset.offset(2e-4f));
        assertThat(fastLogits[position]).containsExactly(row, Offset.offset(0.5f));
      }
    }
  }

  private static float[] floats(JsonNode row) {
    float[] values = new float[row.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) row.get(i).asDouble();
    }
    return values;
  }
}
