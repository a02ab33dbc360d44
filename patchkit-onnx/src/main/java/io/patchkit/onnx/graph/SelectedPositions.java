package io.patchkit.onnx.graph;

import java.util.ArrayList;
import java.util.List;

/**
 * Computes logits only where they are wanted.
 *
 * <p>The projection onto the vocabulary costs as much as several layers, and a prompt needs it at
 * its last position only. With this surgery a new input {@value #POSITIONS} names, for all rows of
 * the batch, the positions whose logits are computed: int64 [K], each from 0 to tokens − 1, and the
 * logits become [batch, K, vocabulary]. It takes the place of an export's own choice of the last
 * position.
 */
public final class SelectedPositions {

  /** The input that names positions. */
  public static final String POSITIONS = "logit_positions";

  private SelectedPositions() {}

  /** What became of the graph. */
  public enum Outcome {
    /** Logits are computed where {@value SelectedPositions#POSITIONS} says. */
    SELECTED,
    /**
     * The graph computes logits at the last position only, in a form that was not recognised; it
     * was left as it is.
     */
    LAST_POSITION_ONLY,
    /** The projection was not recognised; the graph was left as it is and computes all logits. */
    UNRECOGNISED
  }

  /**
   * Puts a selection before the projection that computes {@code logits}.
   *
   * @param logits the name of the output [batch, tokens, vocabulary]
   */
  public static Outcome select(Graph graph, String logits) {
    TensorInfo declared = graph.output(logits);
    LogitProjection projection = LogitProjection.find(graph, logits);
    if (declared == null || projection == null || !keepsPositions(projection)) {
      return declared != null && declared.size(1) == 1
          ? Outcome.LAST_POSITION_ONLY
          : Outcome.UNRECOGNISED;
    }
    if (declared.size(1) == 1 && !projection.selects()) {
      return Outcome.LAST_POSITION_ONLY;
    }
    graph.addInput(TensorInfo.of(POSITIONS, ElementType.INT64, Dim.of("logit_positions")));
    String selected = graph.uniqueName("/patchkit/selected_positions");
    graph.add(
        Node.of("Gather", List.of(projection.hidden(), POSITIONS), List.of(selected))
            .with("axis", 1));
    graph.replaceInput(projection.product(), 0, selected);
    if (declared.dims() != null && declared.dims().size() == 3) {
      List<Dim> dims = new ArrayList<>(declared.dims());
      dims.set(1, Dim.of("logit_positions"));
      graph.addOutput(new TensorInfo(logits, declared.type(), dims));
    }
    graph.clearValueInfos();
    return Outcome.SELECTED;
  }

  /**
   * Whether logits have the positions of a row as a dimension from the projection on. {@code Gemm}
   * takes those of all rows as one.
   */
  private static boolean keepsPositions(LogitProjection projection) {
    return projection.reshapes().isEmpty() && !projection.product().is("Gemm");
  }
}
