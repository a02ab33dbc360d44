package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Dim;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.TensorInfo;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is added to attention scores: 0 where a token may look, −∞ elsewhere. A token looks at the
 * prefix, at itself and at the tokens before it that are of its own segment or of segment 0, within
 * the window where there is one. Made once for all layers of the same kind.
 */
final class CausalMask {

  private final Ops ops;
  private final String ids;
  private final PrefixInputs prefix;
  private final Map<String, String> made = new HashMap<>();

  /**
   * @param ids the input [lines, tokens] from which the number of tokens is read
   */
  CausalMask(Ops ops, String ids, PrefixInputs prefix) {
    this.ops = ops;
    this.ids = ids;
    this.prefix = prefix;
  }

  /** The position of each token in its row, the prefix's included: int64 [lines, tokens]. */
  String positions() {
    return input(GraphInputs.POSITIONS);
  }

  private String input(String name) {
    Graph graph = ops.graph();
    if (graph.input(name) == null) {
      graph.addInput(TensorInfo.of(name, ElementType.INT64, Dim.of("batch"), Dim.of("tokens")));
    }
    return name;
  }

  /**
   * The mask for {@code group} queries a token: [lines, 1, group · tokens, past + tokens].
   *
   * @param window at how many positions a token looks, itself included; −1 for all
   */
  String of(long group, long window, String past) {
    String key = group + " " + window;
    String mask = made.get(key);
    if (mask == null) {
      mask = make(group, window, past);
      made.put(key, mask);
    }
    return mask;
  }

  private String make(long group, long window, String past) {
    String segments = input(GraphInputs.SEGMENTS);
    String length = prefix.length(ops, past);
    String pastShape = ops.concat(0, List.of(ops.dim(ids, 0), length));
    String range = ops.op("Range", ops.scalar(0L), ops.squeeze(length, 0), ops.scalar(1L));
    String rows = ops.unsqueeze(positions(), 2);
    String columns = columns(ops.op("Expand", range, pastShape), positions());
    String allowed = ops.op("LessOrEqual", columns, rows);
    if (window > 0) {
      String first = ops.sub(rows, ops.scalar(window));
      allowed = ops.op("And", allowed, ops.op("Greater", columns, first));
    }
    String segment = columns(ops.op("Expand", ops.longs(0), pastShape), segments);
    String isVisible =
        ops.op(
            "Or",
            ops.op("Equal", segment, ops.scalar(0L)),
            ops.op("Equal", segment, ops.unsqueeze(segments, 2)));
    allowed = ops.op("And", allowed, isVisible);
    String mask = ops.op("Where", allowed, ops.scalar(0f), ops.scalar(Float.NEGATIVE_INFINITY));
    String each = ops.unsqueeze(mask, 1);
    return group == 1 ? each : ops.concat(2, Collections.nCopies(Math.toIntExact(group), each));
  }

  /** What is known of the prefix and then of the tokens: [lines, 1, past + tokens]. */
  private String columns(String ofPrefix, String ofTokens) {
    return ops.unsqueeze(ops.concat(1, List.of(ofPrefix, ofTokens)), 1);
  }
}
