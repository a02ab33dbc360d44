package io.patchkit.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.InvalidProtocolBufferException;
import io.patchkit.CorruptModelException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GraphTest {

  @Test
  void replacedUsesLeaveOutputAndExceptedNodeAlone() {
    Graph graph = graph();
    String y = graph.add("Neg", "y", "x");
    Node double_ = Node.of("Add", List.of("y", "y"), List.of("z"));
    Node kept = Node.of("Abs", List.of("y"), List.of("w"));
    graph.add(double_);
    graph.add(kept);

    graph.replaceUses(y, "x", kept);

    assertThat(double_.inputs()).containsExactly("x", "x");
    assertThat(kept.inputs()).containsExactly("y");
    assertThat(graph.consumers("y")).containsExactly(kept);
    assertThat(graph.consumers("x")).containsExactly(graph.producer("y"), double_);
  }

  @Test
  void namesCapturedBySubgraphsAreUses() throws InvalidProtocolBufferException {
    Graph graph = graph();
    graph.add("Neg", "y", "x");
    graph.addInput(TensorInfo.of("flag", ElementType.BOOL));
    Node branch = branch("y", "inner");
    graph.add(branch);
    graph.addOutput(TensorInfo.of("out", ElementType.FLOAT));

    assertThat(graph.consumers("y")).containsExactly(branch);
    graph.removeDead();
    assertThat(graph.producer("y")).isNotNull();

    graph.replaceUses("y", "x");
    assertThat(graph.consumers("y")).isEmpty();
    graph.removeDead();
    assertThat(graph.producer("y")).isNull();
    OnnxMl.NodeProto written = OnnxMl.ModelProto.parseFrom(graph.toBytes()).getGraph().getNode(0);
    assertThat(written.getAttribute(0).getG().getNode(0).getInput(0)).isEqualTo("x");
  }

  @Test
  void subgraphThatDefinesTheNameItselfIsNoUse() {
    Graph graph = graph();
    graph.add("Neg", "y", "x");
    graph.addInput(TensorInfo.of("flag", ElementType.BOOL));
    Node branch = branch("x", "y");
    graph.add(branch);

    assertThat(graph.consumers("y")).isEmpty();
    assertThat(graph.consumers("x")).contains(branch);
  }

  @Test
  void newNamesDifferFromThoseInsideSubgraphs() {
    Graph graph = graph();
    graph.addInput(TensorInfo.of("flag", ElementType.BOOL));
    graph.add(branch("x", "inner"));

    assertThat(graph.uniqueName("inner")).isEqualTo("inner_1");
    assertThat(graph.uniqueName("inner")).isEqualTo("inner_2");
    assertThat(graph.uniqueName("x")).isEqualTo("x_1");
  }

  @Test
  void sortsDeepGraphWithoutRecursionAndKeepsOrderWhereItMay() {
    List<Node> nodes = new ArrayList<>();
    int depth = 100_000;
    for (int i = depth; i > 0; i--) {
      nodes.add(Node.of("Neg", List.of("t" + (i - 1)), List.of("t" + i)));
    }
    Node second = Node.of("Abs", List.of("t0"), List.of("b"));
    Node first = Node.of("Abs", List.of("t0"), List.of("a"));
    nodes.add(0, second);
    nodes.add(1, first);

    List<Node> sorted = Topology.sort(nodes);

    assertThat(sorted).hasSize(depth + 2).startsWith(second, first);
    for (int i = 1; i <= depth; i++) {
      assertThat(sorted.get(i + 1).output(0)).isEqualTo("t" + i);
    }
  }

  @Test
  void refusesCycle() {
    Graph graph = graph();
    graph.add(Node.of("Add", List.of("x", "b"), List.of("a")));
    graph.add(Node.of("Neg", List.of("a"), List.of("b")));

    assertThatThrownBy(graph::toBytes)
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("cycle");
  }

  @Test
  void refusesSecondDefinitionOfName() {
    Graph graph = graph();
    graph.add("Neg", "y", "x");

    assertThatThrownBy(() -> graph.add(Node.of("Abs", List.of("x"), List.of("y"))))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("\"y\"");
  }

  @Test
  void removesWhatNoOutputNeeds() {
    Graph graph = graph();
    graph.add(Initializer.of("used", Tensor.scalar(1f)));
    graph.add(Initializer.of("unused", Tensor.scalar(2f)));
    graph.add(Node.of("Add", List.of("x", "used"), List.of("y")));
    graph.add(Node.of("Mul", List.of("y", "unused"), List.of("dead")));
    graph.addOutput(TensorInfo.of("y", ElementType.FLOAT));

    graph.removeDead();

    assertThat(graph.nodes()).extracting(Node::opType).containsExactly("Add");
    assertThat(graph.initializers()).extracting(Initializer::name).containsExactly("used");
  }

  @Test
  void readsConstantsThroughIdentityAndCast() {
    Graph graph = graph();
    graph.add(Node.of("Constant", List.of(), List.of("c")).with("value", Tensor.ofLongs(3, -1)));
    graph.add("Identity", "i", "c");
    graph.add(Node.of("Cast", List.of("i"), List.of("f")).with("to", 1));
    graph.add("Neg", "computed", "f");

    assertThat(graph.constant("f").longs()).containsExactly(3, -1);
    assertThat(graph.constant("f").floats()).containsExactly(3f, -1f);
    assertThat(graph.constant("computed")).isNull();
    assertThat(graph.isConstant("computed")).isTrue();
    assertThat(graph.isConstant("x")).isFalse();
  }

  @Test
  void copyIsIndependent() {
    Graph graph = graph();
    graph.add("Neg", "y", "x");
    graph.addOutput(TensorInfo.of("y", ElementType.FLOAT));
    byte[] before = graph.toBytes();

    Graph copy = graph.copy();
    copy.replaceUses("x", "y");
    copy.add("Abs", "z", "y");

    assertThat(graph.toBytes()).isEqualTo(before);
  }

  private static Graph graph() {
    Graph graph = new Graph(8, 18);
    graph.addInput(TensorInfo.of("x", ElementType.FLOAT, Dim.of("n")));
    return graph;
  }

  /** An {@code If} whose branch computes {@code inner} from {@code captured}. */
  private static Node branch(String captured, String inner) {
    OnnxMl.GraphProto body =
        OnnxMl.GraphProto.newBuilder()
            .addNode(
                OnnxMl.NodeProto.newBuilder().setOpType("Abs").addInput(captured).addOutput(inner))
            .addOutput(OnnxMl.ValueInfoProto.newBuilder().setName(inner))
            .build();
    return Node.of(
        OnnxMl.NodeProto.newBuilder()
            .setOpType("If")
            .addInput("flag")
            .addOutput("out")
            .addAttribute(
                OnnxMl.AttributeProto.newBuilder()
                    .setName("then_branch")
                    .setType(OnnxMl.AttributeProto.AttributeType.GRAPH)
                    .setG(body))
            .build());
  }
}
