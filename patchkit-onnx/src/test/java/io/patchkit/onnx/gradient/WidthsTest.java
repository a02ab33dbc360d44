package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Dim;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import io.patchkit.onnx.graph.TensorInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class WidthsTest {

  @Test
  void aReshapeTellsItsWidthUnlessItIsTheRest() {
    Graph graph = new Graph(8, 18);
    graph.addInput(TensorInfo.of("x", ElementType.FLOAT, Dim.of("b"), Dim.of("t"), Dim.of(12)));
    reshape(graph, "heads", 0, -1, 3, 4);
    reshape(graph, "rest", 0, 0, 3, -1);

    assertThat(Widths.last(graph, "x")).isEqualTo(12);
    assertThat(Widths.last(graph, "heads")).isEqualTo(4);
    assertThatThrownBy(() -> Widths.last(graph, "rest"))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("found it open");
  }

  private static void reshape(Graph graph, String to, long... shape) {
    String sizes = graph.constant(to + "_shape", Tensor.ofLongs(shape));
    graph.add(Node.of("Reshape", List.of("x", sizes), List.of(to)));
  }
}
