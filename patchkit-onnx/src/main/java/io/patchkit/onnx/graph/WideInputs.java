package io.patchkit.onnx.graph;

import java.util.List;

/** Takes whole numbers as 64-bit ones, whichever a graph was exported for. */
public final class WideInputs {

  private WideInputs() {}

  /** Replaces every int32 input by an int64 one, from which the graph computes the other. */
  public static void widen(Graph graph) {
    for (TensorInfo input : graph.inputs()) {
      if (input.type() == ElementType.INT32) {
        String narrow = graph.uniqueName("/patchkit/narrow/" + input.name());
        graph.replaceUses(input.name(), narrow);
        graph.removeInput(input.name());
        graph.addInput(new TensorInfo(input.name(), ElementType.INT64, input.dims()));
        graph.add(
            Node.of("Cast", List.of(input.name()), List.of(narrow))
                .with("to", ElementType.INT32.number()));
      }
    }
  }
}
