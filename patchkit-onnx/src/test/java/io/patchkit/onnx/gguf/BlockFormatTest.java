package io.patchkit.onnx.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random blocks of every type against the {@code dequantize} of gguf-py 0.19.0, to the bit. A NaN
 * or infinity is not among them.
 */
class BlockFormatTest {

  @TempDir Path folder;

  private record Vector(GgmlType type, byte[] bytes, float[] weights) {}

  @TestFactory
  List<DynamicTest> decodesAsTheReferenceDoes() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Vector vector : vectors()) {
      tests.add(
          DynamicTest.dynamicTest(
              vector.type().name(),
              () -> assertThat(decode(vector)).usingComparator(BITS).isEqualTo(vector.weights())));
    }
    assertThat(tests).hasSize(GgmlType.values().length);
    return tests;
  }

  /** code · scale and the offsets, as the operators will combine them, give the same weights. */
  @TestFactory
  List<DynamicTest> recodesWithoutRoundingTheWeights() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Vector vector : vectors()) {
      if (vector.type().format() != null) {
        tests.add(DynamicTest.dynamicTest(vector.type().name(), () -> recode(vector)));
      }
    }
    return tests;
  }

  private static final Comparator<float[]> BITS = (a, b) -> Arrays.compare(bits(a), bits(b));

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }

  private static float[] decode(Vector vector) {
    WeightRows rows = new WeightRows(tensor(vector), 0);
    float[] decoded = new float[vector.weights().length];
    ByteBuffer bytes = ByteBuffer.wrap(vector.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    rows.decode(bytes, 0, new Block(), decoded);
    return decoded;
  }

  private void recode(Vector vector) throws IOException {
    BlockFormat format = Objects.requireNonNull(vector.type().format());
    int weights = vector.weights().length;
    int groups = weights / format.group();
    Region codes = new Region(0, (long) weights * format.bits() / 8);
    Region scales = new Region(4096, groups * 4L);
    Region offsets = format.affine() ? new Region(8192, groups * 4L) : null;
    Path checkpoint = folder.resolve(vector.type() + ".gguf");
    Files.write(
        checkpoint, new GgufBytes().tensor("w", vector.type(), vector.bytes(), weights, 1).build());
    Path data = folder.resolve(vector.type() + ".data");
    try (GgufFile file = GgufFile.open(checkpoint);
        FileChannel out =
            FileChannel.open(data, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      new QuantisedMatrix(
              file, List.of(new WeightRows(file.require("w"), 0)), format, codes, scales, offsets)
          .write(out);
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(data)).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < weights; i++) {
      int code = format.bits() == 8 ? bytes.get(i) & 255 : (bytes.get(i / 2) >> (i % 2 * 4)) & 15;
      float scale = bytes.getFloat(4096 + i / format.group() * 4);
      float offset = offsets == null ? 0 : bytes.getFloat(8192 + i / format.group() * 4);
      double weight = (double) scale * (code - format.zeroPoint()) + offset;
      assertThat(weight).isCloseTo(vector.weights()[i], within(2e-6 * Math.abs(weight) + 1e-6));
    }
  }

  private static GgufTensor tensor(Vector vector) {
    return new GgufTensor(
        "w", vector.type(), List.of((long) vector.weights().length), 0, vector.bytes().length);
  }

  private static List<Vector> vectors() throws IOException {
    List<Vector> vectors = new ArrayList<>();
    for (JsonNode node : OracleFiles.json("blocks.json")) {
      byte[] weights = Base64.getDecoder().decode(node.get("weights").asText());
      float[] floats = new float[weights.length / 4];
      ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
      vectors.add(
          new Vector(
              GgmlType.valueOf(node.get("type").asText()),
              Base64.getDecoder().decode(node.get("bytes").asText()),
              floats));
    }
    return vectors;
  }
}
