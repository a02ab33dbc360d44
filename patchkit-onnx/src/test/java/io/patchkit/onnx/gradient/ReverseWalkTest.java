package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReverseWalkTest {

  @TempDir Path folder;

  /**
   * y = x · (x, or −x where a flag is false): the branches of an If read x without declaring it.
   */
  @Test
  void branchThatReadsALeafIsRefusedByName() throws IOException, OrtException {
    Graph graph = read(productWithBranch());
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    boolean[] flag = {true};
    try (OnnxTensor isSet = OnnxTensor.createTensor(environment, flag);
        OnnxTensor three = OnnxTensor.createTensor(environment, new float[] {1, 2, 3});
        OnnxTensor four = OnnxTensor.createTensor(environment, new float[] {1, 2, 3, 4})) {
      Shapes shapes =
          ShapeProbe.run(
              graph, folder, Map.of("flag", isSet, "x", three), Map.of("flag", isSet, "x", four));

      assertThatThrownBy(
              () ->
                  new ReverseWalk(graph, shapes)
                      .differentiate(graph.sorted(), Map.of("y", "seed"), Set.of("x")))
          .isInstanceOf(UnsupportedModelException.class)
          .hasMessageContaining("[If]");
    }
  }

  private Graph read(OnnxMl.GraphProto graph) throws IOException {
    OnnxMl.ModelProto model =
        OnnxMl.ModelProto.newBuilder()
            .setIrVersion(8)
            .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(18))
            .setGraph(graph)
            .build();
    return ModelFile.read(Files.write(folder.resolve("model.onnx"), model.toByteArray())).graph();
  }

  private static OnnxMl.GraphProto productWithBranch() {
    return OnnxMl.GraphProto.newBuilder()
        .setName("product")
        .addInput(value("flag", OnnxMl.TensorProto.DataType.BOOL, 1))
        .addInput(value("x", OnnxMl.TensorProto.DataType.FLOAT, 0))
        .addNode(
            OnnxMl.NodeProto.newBuilder()
                .setOpType("If")
                .addInput("flag")
                .addOutput("signed")
                .addAttribute(branch("then_branch", "Identity"))
                .addAttribute(branch("else_branch", "Neg")))
        .addNode(
            OnnxMl.NodeProto.newBuilder()
                .setOpType("Mul")
                .addInput("x")
                .addInput("signed")
                .addOutput("y"))
        .addOutput(value("y", OnnxMl.TensorProto.DataType.FLOAT, 0))
        .build();
  }

  private static OnnxMl.AttributeProto branch(String name, String opType) {
    String output = name + "_output";
    return OnnxMl.AttributeProto.newBuilder()
        .setName(name)
        .setType(OnnxMl.AttributeProto.AttributeType.GRAPH)
        .setG(
            OnnxMl.GraphProto.newBuilder()
                .setName(name)
                .addNode(
                    OnnxMl.NodeProto.newBuilder().setOpType(opType).addInput("x").addOutput(output))
                .addOutput(OnnxMl.ValueInfoProto.newBuilder().setName(output)))
        .build();
  }

  /** A vector of {@code size} elements; 0 where that is open. */
  private static OnnxMl.ValueInfoProto value(
      String name, OnnxMl.TensorProto.DataType type, int size) {
    OnnxMl.TensorShapeProto.Dimension.Builder dim = OnnxMl.TensorShapeProto.Dimension.newBuilder();
    return OnnxMl.ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            OnnxMl.TypeProto.newBuilder()
                .setTensorType(
                    OnnxMl.TypeProto.Tensor.newBuilder()
                        .setElemType(type.getNumber())
                        .setShape(
                            OnnxMl.TensorShapeProto.newBuilder()
                                .addDim(size > 0 ? dim.setDimValue(size) : dim.setDimParam("n")))))
        .build();
  }
}
