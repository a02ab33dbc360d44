package io.patchkit.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.patchkit.CorruptModelException;
import io.patchkit.PatchkitException;
import io.patchkit.onnx.DecoderCase;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFileTest {

  private static final int ROWS = 40;
  private static final int COLUMNS = 20;

  @TempDir Path folder;

  static Stream<DecoderCase> cases() {
    return DecoderCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void editedBytesRunAsTheFileDoes(DecoderCase model) throws IOException {
    ModelFile file = model.model();
    byte[] bytes = file.graph().toBytes();
    long[] ids = model.prompt(0);

    assertThat(file.graph().initializers())
        .allSatisfy(
            weight -> {
              long size = weight.type().byteSize(weight.dims());
              assertThat(weight.external() != null || size <= 1024).isTrue();
            });
    assumeThat(SlidingWindowCache.grow(file.graph())).as("circular caches").isZero();
    assertThat(DecoderRun.run(model, bytes, ids, Map.of(), "logits"))
        .isEqualTo(
            DecoderRun.run(
                model,
                Files.readAllBytes(model.folder().resolve("model.onnx")),
                ids,
                Map.of(),
                "logits"));
  }

  @Test
  void weightInsideTheFileBecomesReferenceToItsBytes() throws IOException {
    float[] values = new float[ROWS * COLUMNS];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    Path path = write(model(inside(values)));

    Initializer weight = ModelFile.read(path).graph().initializer("weight");

    assertThat(weight.external().location()).isEqualTo("model.onnx");
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    file.position((int) weight.external().offset());
    for (float value : values) {
      assertThat(file.getFloat()).isEqualTo(value);
    }
    assertThat(ModelFile.read(path).graph().constant("weight").floats()).isEqualTo(values);
  }

  @Test
  void refusesFileCutAnywhere() throws IOException {
    byte[] whole = model(inside(new float[ROWS * COLUMNS])).toByteArray();
    for (int length = 0; length < whole.length; length += length < 200 ? 1 : 97) {
      Path path = Files.write(folder.resolve("model.onnx"), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> ModelFile.read(path)).isInstanceOf(CorruptModelException.class);
    }
  }

  @Test
  void damageGivesTypedErrorOrModel() throws IOException {
    byte[] whole = model(inside(new float[ROWS * COLUMNS])).toByteArray();
    Random random = new Random(7);
    for (int i = 0; i < 500; i++) {
      byte[] damaged = whole.clone();
      for (int flips = random.nextInt(4); flips >= 0; flips--) {
        // Most bytes are the weight's; the structure is at both ends.
        int at = random.nextInt(120);
        damaged[random.nextBoolean() ? at : whole.length - 1 - at] = (byte) random.nextInt();
      }
      Path path = Files.write(folder.resolve("model.onnx"), damaged);
      try {
        ModelFile.read(path).graph().toBytes();
      } catch (PatchkitException expected) {
        assertThat(expected).hasMessageContaining("xpected");
      }
    }
  }

  @Test
  void refusesWhatIsNoModel() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "Not an ONNX model, but a text.");

    assertThatThrownBy(() -> ModelFile.read(text)).isInstanceOf(CorruptModelException.class);
    assertThatThrownBy(() -> ModelFile.read(folder)).isInstanceOf(CorruptModelException.class);
    assertThatThrownBy(() -> ModelFile.read(folder.resolve("none")))
        .isInstanceOf(CorruptModelException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../outside", "sub/../../outside", "/etc/hostname", "", "link", "none", "sub"})
  void refusesWeightsThatAreNotAFileInsideTheFolder(String location) throws IOException {
    Path inner = Files.createDirectories(folder.resolve("inner/sub")).getParent();
    Path outside = Files.write(folder.resolve("outside"), new byte[ROWS * COLUMNS * 4]);
    Files.createSymbolicLink(inner.resolve("link"), outside);
    Path path = inner.resolve("model.onnx");
    Files.write(path, model(outside(location, 0, ROWS * COLUMNS * 4)).toByteArray());

    assertThatThrownBy(() -> ModelFile.read(path)).isInstanceOf(CorruptModelException.class);
  }

  @Test
  void readsWeightsBesideTheModel() throws IOException {
    Files.createDirectories(folder.resolve("sub"));
    Files.write(folder.resolve("sub/weights"), new byte[ROWS * COLUMNS * 4 + 5]);
    Path path = write(model(outside("./sub/weights", 5, ROWS * COLUMNS * 4)));

    assertThat(ModelFile.read(path).graph().initializer("weight").external())
        .isEqualTo(new ExternalData("sub/weights", 5, ROWS * COLUMNS * 4));
  }

  @Test
  void followsLinksOfDownloadCacheThatStayInOneFolder() throws IOException {
    Path blobs = Files.createDirectories(folder.resolve("blobs"));
    Path snapshot = Files.createDirectories(folder.resolve("snapshot"));
    Files.write(blobs.resolve("aa"), new byte[ROWS * COLUMNS * 4]);
    Files.write(
        blobs.resolve("bb"), model(outside("weights", 0, ROWS * COLUMNS * 4)).toByteArray());
    Files.createSymbolicLink(snapshot.resolve("weights"), Path.of("../blobs/aa"));
    Files.createSymbolicLink(snapshot.resolve("model.onnx"), Path.of("../blobs/bb"));

    ModelFile file = ModelFile.read(snapshot.resolve("model.onnx"));

    assertThat(file.folder()).isEqualTo(blobs.toRealPath());
    assertThat(file.graph().initializer("weight").external().location()).isEqualTo("aa");
    assertThat(file.files())
        .containsExactly(
            Map.entry("model.onnx", blobs.resolve("bb").toRealPath()),
            Map.entry("weights", blobs.resolve("aa").toRealPath()));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, Long.MAX_VALUE, -1})
  void refusesReferenceBeyondTheFile(long offset) throws IOException {
    Files.write(folder.resolve("weights"), new byte[ROWS * COLUMNS * 4]);
    Path path = write(model(outside("weights", offset, ROWS * COLUMNS * 4)));

    assertThatThrownBy(() -> ModelFile.read(path))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("weight");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, ROWS * COLUMNS * 4 - 1, Long.MAX_VALUE})
  void refusesLengthOtherThanDimensionsImply(long length) throws IOException {
    Files.write(folder.resolve("weights"), new byte[ROWS * COLUMNS * 8]);
    Path path = write(model(outside("weights", 0, length)));

    assertThatThrownBy(() -> ModelFile.read(path)).isInstanceOf(CorruptModelException.class);
  }

  @Test
  void refusesDimensionsThatOverflow() throws IOException {
    Path path =
        write(
            model(
                inside(new float[2]).clearDims().addDims(Long.MAX_VALUE).addDims(Long.MAX_VALUE)));

    assertThatThrownBy(() -> ModelFile.read(path)).isInstanceOf(CorruptModelException.class);
  }

  /** Where a tensor can lie beside the initializers of the graph. */
  enum Place {
    BRANCH,
    BRANCH_OF_BRANCH,
    CONSTANT,
    CONSTANT_IN_BRANCH,
    SPARSE_IN_BRANCH,
    FUNCTION
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  void refusesWhatIsWrongWithTensorsOfNodes(Place place) throws IOException {
    Path inner = Files.createDirectories(folder.resolve("inner"));
    Files.write(inner.resolve("weights"), new byte[ROWS * COLUMNS * 4]);
    Path outside = Files.write(folder.resolve("outside"), new byte[ROWS * COLUMNS * 4]);
    Files.createSymbolicLink(inner.resolve("link"), outside);
    int size = ROWS * COLUMNS * 4;
    for (OnnxMl.TensorProto.Builder hostile :
        List.of(
            outside("../outside", 0, size),
            outside(outside.toString(), 0, size),
            outside("link", 0, size),
            outside("none", 0, size),
            outside("", 0, size),
            outside("weights", 1, size),
            outside("weights", -1, size),
            outside("weights", Long.MAX_VALUE, size),
            outside("weights", 0, size - 1),
            outside("weights", 0, Long.MAX_VALUE),
            inside(new float[2]))) {
      Path path =
          Files.write(inner.resolve("model.onnx"), model(place, hostile.build()).toByteArray());
      assertThatThrownBy(() -> ModelFile.read(path))
          .as("%s", hostile)
          .isInstanceOf(CorruptModelException.class)
          .hasMessageContaining("weight");
    }
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  void findsTensorsOfNodesWhereADownloadCacheHasThem(Place place) throws IOException {
    Path blobs = Files.createDirectories(folder.resolve("blobs"));
    Path snapshot = Files.createDirectories(folder.resolve("snapshot"));
    Files.write(blobs.resolve("aa"), new byte[ROWS * COLUMNS * 4]);
    OnnxMl.TensorProto weight = outside("weights", 0, ROWS * COLUMNS * 4).build();
    Files.write(blobs.resolve("bb"), model(place, weight).toByteArray());
    Files.createSymbolicLink(snapshot.resolve("weights"), Path.of("../blobs/aa"));
    Files.createSymbolicLink(snapshot.resolve("model.onnx"), Path.of("../blobs/bb"));

    ModelFile file = ModelFile.read(snapshot.resolve("model.onnx"));

    assertThat(file.files()).containsEntry("weights", blobs.resolve("aa").toRealPath());
    OnnxMl.TensorProto found = outside("aa", 0, ROWS * COLUMNS * 4).build();
    OnnxMl.ModelProto written = OnnxMl.ModelProto.parseFrom(file.graph().toBytes());
    OnnxMl.ModelProto expected = model(place, found);
    assertThat(written.getGraph().getNodeList())
        .containsExactlyInAnyOrderElementsOf(expected.getGraph().getNodeList());
    assertThat(written.getFunctionsList()).isEqualTo(expected.getFunctionsList());
  }

  /** A model one of whose nodes has the tensor, in its attributes or in a body. */
  private static OnnxMl.ModelProto model(Place place, OnnxMl.TensorProto weight) {
    OnnxMl.ModelProto.Builder model = model(inside(new float[ROWS * COLUMNS])).toBuilder();
    OnnxMl.GraphProto branch = branch().addInitializer(weight).build();
    OnnxMl.NodeProto node =
        switch (place) {
          case BRANCH -> choice(branch);
          case BRANCH_OF_BRANCH -> choice(branch().addNode(choice(branch)).build());
          case CONSTANT, FUNCTION -> constant(weight);
          case CONSTANT_IN_BRANCH -> choice(branch().addNode(constant(weight)).build());
          case SPARSE_IN_BRANCH ->
              choice(
                  branch()
                      .addSparseInitializer(OnnxMl.SparseTensorProto.newBuilder().setValues(weight))
                      .build());
        };
    if (place == Place.FUNCTION) {
      model.addFunctions(OnnxMl.FunctionProto.newBuilder().setName("f").addNode(node));
    } else {
      model.getGraphBuilder().addNode(node);
    }
    return model.build();
  }

  private static OnnxMl.GraphProto.Builder branch() {
    return OnnxMl.GraphProto.newBuilder().setName("branch");
  }

  private static OnnxMl.NodeProto choice(OnnxMl.GraphProto branch) {
    OnnxMl.NodeProto.Builder node =
        OnnxMl.NodeProto.newBuilder().setOpType("If").addInput("x").addOutput("chosen");
    node.addAttributeBuilder()
        .setName("then_branch")
        .setType(OnnxMl.AttributeProto.AttributeType.GRAPH)
        .setG(branch);
    return node.build();
  }

  private static OnnxMl.NodeProto constant(OnnxMl.TensorProto value) {
    OnnxMl.NodeProto.Builder node =
        OnnxMl.NodeProto.newBuilder().setOpType("Constant").addOutput("constant");
    node.addAttributeBuilder()
        .setName("value")
        .setType(OnnxMl.AttributeProto.AttributeType.TENSOR)
        .setT(value);
    return node.build();
  }

  @Test
  void refusesNodeThatReadsWhatNothingDefines() throws IOException {
    OnnxMl.ModelProto.Builder model = model(inside(new float[ROWS * COLUMNS])).toBuilder();
    model.getGraphBuilder().getNodeBuilder(0).setInput(0, "ghost");

    assertThatThrownBy(() -> ModelFile.read(write(model.build())))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("ghost");
  }

  private Path write(OnnxMl.ModelProto model) throws IOException {
    return Files.write(folder.resolve("model.onnx"), model.toByteArray());
  }

  private static OnnxMl.TensorProto.Builder inside(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return tensor().setRawData(ByteString.copyFrom(bytes.flip()));
  }

  private static OnnxMl.TensorProto.Builder outside(String location, long offset, long length) {
    OnnxMl.TensorProto.Builder tensor =
        tensor().setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL);
    tensor.addExternalDataBuilder().setKey("location").setValue(location);
    tensor.addExternalDataBuilder().setKey("offset").setValue(Long.toString(offset));
    tensor.addExternalDataBuilder().setKey("length").setValue(Long.toString(length));
    return tensor;
  }

  private static OnnxMl.TensorProto.Builder tensor() {
    return OnnxMl.TensorProto.newBuilder()
        .setName("weight")
        .setDataType(ElementType.FLOAT.number())
        .addDims(ROWS)
        .addDims(COLUMNS);
  }

  private static OnnxMl.ModelProto model(OnnxMl.TensorProto.Builder weight) {
    Graph graph = new Graph(8, 18);
    graph.addInput(TensorInfo.of("x", ElementType.FLOAT, Dim.of("n"), Dim.of(ROWS)));
    graph.addOutput(TensorInfo.of("y", ElementType.FLOAT, Dim.of("n"), Dim.of(COLUMNS)));
    graph.add(Node.of("MatMul", List.of("x", "weight"), List.of("y")));
    try {
      OnnxMl.ModelProto.Builder model = OnnxMl.ModelProto.parseFrom(graph.toBytes()).toBuilder();
      model.getGraphBuilder().addInitializer(weight);
      return model.build();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
