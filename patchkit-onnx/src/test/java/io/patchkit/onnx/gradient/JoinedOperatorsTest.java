package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.onnx.graph.Dim;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import io.patchkit.onnx.graph.TensorInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class JoinedOperatorsTest {

  @Test
  void joinsRmsNormalizationAsExportsWriteIt() {
    Graph graph = normalisation(2, -1, 1);

    RmsNormalization.join(graph);
    graph.removeDead();

    assertThat(graph.nodes()).singleElement().matches(n -> n.is("SimplifiedLayerNormalization"));
    Node joined = graph.nodes().get(0);
    assertThat(joined.inputs()).containsExactly("x", "weight");
    assertThat(joined.outputs()).containsExactly("y");
    assertThat(joined.attribute("epsilon", 0f)).isEqualTo(1e-5f);
  }

  @Test
  void leavesAloneWhatOnlyLooksLikeIt() {
    for (Graph graph :
        List.of(normalisation(3, -1, 1), normalisation(2, 0, 1), normalisation(2, -1, 2))) {
      RmsNormalization.join(graph);
      graph.removeDead();

      assertThat(graph.nodes()).hasSize(7);
    }
  }

  @Test
  void joinsSigmoidOnlyWhereNothingElseReadsIt() {
    Graph graph = graph();
    graph.add("Sigmoid", "s", "x");
    graph.add(Node.of("Mul", List.of("s", "x"), List.of("y")));
    Graph read = graph.copy();
    read.add(Node.of("Neg", List.of("s"), List.of("z")));

    Swish.join(graph);
    Swish.join(read);

    assertThat(graph.nodes()).singleElement().matches(n -> n.isMicrosoft("QuickGelu"));
    assertThat(read.nodes()).hasSize(3);
  }

  /** w · x · (numerator / √(mean over axis of x^exponent + 1e-5)). */
  private static Graph normalisation(float exponent, long axis, float numerator) {
    Graph graph = graph();
    graph.add(Initializer.of("weight", Tensor.ofFloats(new long[] {4}, new float[4])));
    graph.add("Pow", "power", "x", graph.constant("p", Tensor.scalar(exponent)));
    graph.add("ReduceMean", "mean", "power", graph.constant("axes", Tensor.ofLongs(axis)));
    graph.add("Add", "sum", graph.constant("e", Tensor.scalar(1e-5f)), "mean");
    graph.add("Sqrt", "root", "sum");
    graph.add("Div", "inverse", graph.constant("n", Tensor.scalar(numerator)), "root");
    graph.add("Mul", "normal", "inverse", "x");
    graph.add(Node.of("Mul", List.of("weight", "normal"), List.of("y")));
    graph.addOutput(TensorInfo.inferred("y"));
    return graph;
  }

  private static Graph graph() {
    Graph graph = new Graph(8, 18);
    graph.addInput(TensorInfo.of("x", ElementType.FLOAT, Dim.of("rows"), Dim.of(4)));
    return graph;
  }
}
