package io.patchkit.onnx.judge;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Texts as they are, but for U+0000 and characters beyond U+FFFF, such as emoji: the runtime gets
 * strings from Java in modified UTF-8, and operators refuse what that makes of these. Each becomes
 * U+FFFD.
 *
 * @param input name
 * @param isColumn whether the input is [rows, 1] instead of [rows]
 */
record StringEncoding(String input, boolean isColumn) implements TextEncoding {

  /** Surrogates that have lost their other half among them. */
  private static final Pattern REFUSED =
      Pattern.compile("[\\x{0}\\x{D800}-\\x{DFFF}\\x{10000}-\\x{10FFFF}]");

  @Override
  public void encode(OrtEnvironment environment, List<String> texts, Map<String, OnnxTensor> inputs)
      throws OrtException {
    long rows = texts.size();
    long[] shape = isColumn ? new long[] {rows, 1} : new long[] {rows};
    String[] accepted = new String[texts.size()];
    for (int i = 0; i < accepted.length; i++) {
      accepted[i] = REFUSED.matcher(texts.get(i)).replaceAll("\uFFFD");
    }
    inputs.put(input, OnnxTensor.createTensor(environment, accepted, shape));
  }

  @Override
  public void close() {
    // Holds nothing.
  }
}
