package io.patchkit.onnx.judge;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Texts as token ids with a mask, padded on the right. A text of more tokens than the classifier
 * takes loses what stands before its last one, which is the tokenizer's own.
 *
 * @param tokenizer owned
 * @param inputs that the graph has, of {@value #IDS}, {@value #MASK} and {@value #TYPES}, each of
 *     type INT64 or INT32
 * @param maxTokens of a text, ≥ 2
 * @param padding id that fills rows
 */
record TokenEncoding(
    HuggingFaceTokenizer tokenizer, Map<String, OnnxJavaType> inputs, int maxTokens, int padding)
    implements TextEncoding {

  static final String IDS = "input_ids";
  static final String MASK = "attention_mask";
  static final String TYPES = "token_type_ids";

  @Override
  public void encode(
      OrtEnvironment environment, List<String> texts, Map<String, OnnxTensor> tensors)
      throws OrtException {
    List<int[]> rows = new ArrayList<>();
    // A graph may not bear a width of 0.
    int width = 1;
    for (String text : texts) {
      int[] row = cut(tokenizer.encode(text, true));
      rows.add(row);
      width = Math.max(width, row.length);
    }
    int[] ids = new int[rows.size() * width];
    int[] mask = new int[ids.length];
    Arrays.fill(ids, padding);
    for (int i = 0; i < rows.size(); i++) {
      int[] row = rows.get(i);
      for (int k = 0; k < row.length; k++) {
        ids[i * width + k] = row[k];
        mask[i * width + k] = 1;
      }
    }
    long[] shape = {rows.size(), width};
    add(environment, IDS, ids, shape, tensors);
    add(environment, MASK, mask, shape, tensors);
    add(environment, TYPES, new int[ids.length], shape, tensors);
  }

  private void add(
      OrtEnvironment environment,
      String name,
      int[] values,
      long[] shape,
      Map<String, OnnxTensor> tensors)
      throws OrtException {
    OnnxJavaType type = inputs.get(name);
    if (type == OnnxJavaType.INT32) {
      tensors.put(name, OnnxTensor.createTensor(environment, IntBuffer.wrap(values), shape));
    } else if (type != null) {
      LongBuffer wide = LongBuffer.wrap(Arrays.stream(values).asLongStream().toArray());
      tensors.put(name, OnnxTensor.createTensor(environment, wide, shape));
    }
  }

  private int[] cut(int[] row) {
    if (row.length <= maxTokens) {
      return row;
    }
    int[] kept = Arrays.copyOf(row, maxTokens);
    kept[maxTokens - 1] = row[row.length - 1];
    return kept;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
