package io.patchkit.onnx.graph;

import io.patchkit.UnsupportedModelException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An input that holds the keys or the values of a layer's earlier positions. Known by the names
 * that the exporters give: {@code past_key_values.N.key} (optimum, onnxruntime-genai,
 * transformers.js), {@code past_key_N} (older genai builders) and {@code past_keys.N}.
 *
 * @param tensor [batch, heads, positions, headDim]
 * @param layer from 0 on
 * @param isKey whether it holds keys, else values
 */
public record PastInput(TensorInfo tensor, int layer, boolean isKey) {

  private static final List<Pattern> NAMES =
      List.of(
          Pattern.compile("past_key_values\\.(?<layer>\\d{1,9})\\.(?<kind>key|value)"),
          Pattern.compile("past_(?<kind>key|value)_(?<layer>\\d{1,9})"),
          Pattern.compile("past_(?<kind>key|value)s?\\.(?<layer>\\d{1,9})"));

  /** Those of a graph: the key of layer 0, its value, the key of layer 1, and so on. */
  public static List<PastInput> of(Graph graph) {
    List<PastInput> found = new ArrayList<>();
    for (TensorInfo input : graph.inputs()) {
      PastInput past = of(input);
      if (past != null) {
        found.add(past);
      }
    }
    found.sort(Comparator.comparingInt(past -> 2 * past.layer + (past.isKey ? 0 : 1)));
    return found;
  }

  private static @Nullable PastInput of(TensorInfo input) {
    for (Pattern pattern : NAMES) {
      Matcher matcher = pattern.matcher(input.name());
      if (matcher.matches()) {
        return new PastInput(
            input, Integer.parseInt(matcher.group("layer")), matcher.group("kind").equals("key"));
      }
    }
    return null;
  }

  public String name() {
    return tensor.name();
  }

  /**
   * The output of the same layer with the keys or values of all positions: {@code present.N.key},
   * or the input's name with {@code present} in place of {@code past}.
   *
   * @throws UnsupportedModelException if the graph has none
   */
  public String present(Graph graph) {
    for (String candidate :
        List.of(name().replace("past_key_values", "present"), name().replace("past", "present"))) {
      if (graph.output(candidate) != null) {
        return candidate;
      }
    }
    throw new UnsupportedModelException(
        "no output belongs to the input "
            + name()
            + "; expected a present output of the same layer, found "
            + graph.outputs().stream().map(TensorInfo::name).toList());
  }
}
