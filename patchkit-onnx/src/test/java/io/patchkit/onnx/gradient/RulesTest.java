package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Every rule against finite differences, on random shapes and numbers. */
class RulesTest {

  private static final int TRIES = 8;

  private static void assertExact(RuleCheck check, String... outputs) {
    assertThat(check.error(outputs)).isLessThan(5e-3);
  }

  private static long[] shape(Random random, int rank) {
    long[] dims = new long[rank];
    for (int i = 0; i < rank; i++) {
      dims[i] = 1 + random.nextInt(4);
    }
    return dims;
  }

  /** A shape that broadcasts with {@code dims}: leading dimensions dropped, others made 1. */
  private static long[] broadcast(Random random, long[] dims) {
    int from = random.nextInt(dims.length);
    long[] operand = new long[dims.length - from];
    for (int i = 0; i < operand.length; i++) {
      operand[i] = random.nextInt(3) == 0 ? 1 : dims[from + i];
    }
    return operand;
  }

  /** Both operands of {@code opType} are broadcast in turn. */
  private static RuleCheck broadcast(long seed, String opType, boolean awayFromZero) {
    Random random = new Random(seed);
    long[] whole = shape(random, 1 + random.nextInt(4));
    long[] part = broadcast(random, whole);
    boolean swap = random.nextBoolean();
    RuleCheck check = new RuleCheck(random);
    check.input("a", swap ? part : whole);
    if (awayFromZero) {
      check.numbers(() -> (random.nextBoolean() ? 1 : -1) * (0.7 + random.nextDouble()));
    }
    check.input("b", swap ? whole : part);
    return check.node(opType, "y", "a", "b");
  }

  /**
   * Operands that are nowhere equal, where the gradient has a step: {@code a} lies within an eighth
   * of a whole number, {@code b} within an eighth of a half.
   */
  private static RuleCheck neverEqual(long seed, String opType) {
    Random random = new Random(seed);
    long[] whole = shape(random, 1 + random.nextInt(4));
    long[] part = broadcast(random, whole);
    boolean swap = random.nextBoolean();
    DoubleSupplier nearWhole = () -> random.nextInt(4) + (random.nextDouble() - 0.5) / 4;
    return new RuleCheck(random)
        .numbers(nearWhole)
        .input("a", swap ? part : whole)
        .numbers(() -> nearWhole.getAsDouble() + 0.5)
        .input("b", swap ? whole : part)
        .node(opType, "y", "a", "b");
  }

  /** A function of one tensor on numbers from {@code low} to {@code high}. */
  private static RuleCheck function(long seed, Node node, double low, double high) {
    Random random = new Random(seed);
    return new RuleCheck(random)
        .numbers(() -> low + (high - low) * random.nextDouble())
        .input("x", shape(random, 1 + random.nextInt(3)))
        .node(node);
  }

  private static RuleCheck function(long seed, String opType, double low, double high) {
    return function(seed, Node.of(opType, List.of("x"), List.of("y")), low, high);
  }

  @Property(tries = TRIES)
  void add(@ForAll long seed) {
    assertExact(broadcast(seed, "Add", false), "y");
  }

  @Property(tries = TRIES)
  void sub(@ForAll long seed) {
    assertExact(broadcast(seed, "Sub", false), "y");
  }

  @Property(tries = TRIES)
  void mul(@ForAll long seed) {
    assertExact(broadcast(seed, "Mul", false), "y");
  }

  @Property(tries = TRIES)
  void div(@ForAll long seed) {
    assertExact(broadcast(seed, "Div", true), "y");
  }

  @Property(tries = TRIES)
  void addOfTensorToItself(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check = new RuleCheck(random).input("x", shape(random, 2));
    assertExact(check.node("Add", "y", "x", "x"), "y");
  }

  @Property(tries = TRIES)
  void mulOfTensorWithItself(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check = new RuleCheck(random).input("x", shape(random, 2));
    assertExact(check.node("Mul", "y", "x", "x"), "y");
  }

  @Property(tries = TRIES)
  void pow(@ForAll long seed) {
    Random random = new Random(seed);
    float exponent = new float[] {2, 3, 0.5f, -1}[random.nextInt(4)];
    RuleCheck check =
        new RuleCheck(random)
            .numbers(() -> 0.5 + random.nextDouble())
            .input("x", shape(random, 2))
            .constant("p", Tensor.scalar(exponent));
    assertExact(check.node("Pow", "y", "x", "p"), "y");
  }

  @Property(tries = TRIES)
  void where(@ForAll long seed) {
    Random random = new Random(seed);
    long[] whole = shape(random, 3);
    byte[] mask = new byte[(int) whole[2]];
    random.nextBytes(mask);
    for (int i = 0; i < mask.length; i++) {
      mask[i] &= 1;
    }
    boolean swap = random.nextBoolean();
    RuleCheck check =
        new RuleCheck(random)
            .input("a", swap ? whole : broadcast(random, whole))
            .input("b", swap ? broadcast(random, whole) : whole)
            .constant("mask", Tensor.of(ElementType.BOOL, new long[] {mask.length}, mask));
    assertExact(check.node("Where", "y", "mask", "a", "b"), "y");
  }

  @Property(tries = TRIES)
  void max(@ForAll long seed) {
    assertExact(neverEqual(seed, "Max"), "y");
  }

  @Property(tries = TRIES)
  void min(@ForAll long seed) {
    assertExact(neverEqual(seed, "Min"), "y");
  }

  @Property(tries = TRIES)
  void neg(@ForAll long seed) {
    assertExact(function(seed, "Neg", -2, 2), "y");
  }

  @Property(tries = TRIES)
  void identity(@ForAll long seed) {
    assertExact(function(seed, "Identity", -2, 2), "y");
  }

  @Property(tries = TRIES)
  void castToTheSameType(@ForAll long seed) {
    Node node = Node.of("Cast", List.of("x"), List.of("y")).with("to", 1);
    assertExact(function(seed, node, -2, 2), "y");
  }

  @Property(tries = TRIES)
  void castThereAndBack(@ForAll long seed) {
    Node there = Node.of("Cast", List.of("x"), List.of("d")).with("to", 11);
    Node back = Node.of("Cast", List.of("d"), List.of("y")).with("to", 1);
    assertExact(function(seed, there, -2, 2).node(back), "y");
  }

  @Property(tries = TRIES)
  void sqrt(@ForAll long seed) {
    assertExact(function(seed, "Sqrt", 0.5, 2), "y");
  }

  @Property(tries = TRIES)
  void reciprocal(@ForAll long seed) {
    assertExact(function(seed, "Reciprocal", 0.5, 2), "y");
  }

  @Property(tries = TRIES)
  void exp(@ForAll long seed) {
    assertExact(function(seed, "Exp", -1, 1), "y");
  }

  @Property(tries = TRIES)
  void log(@ForAll long seed) {
    assertExact(function(seed, "Log", 0.5, 2), "y");
  }

  @Property(tries = TRIES)
  void abs(@ForAll long seed) {
    assertExact(function(seed, "Abs", -2, -0.5), "y");
    assertExact(function(seed, "Abs", 0.5, 2), "y");
  }

  @Property(tries = TRIES)
  void relu(@ForAll long seed) {
    assertExact(function(seed, "Relu", -2, -0.5), "y");
    assertExact(function(seed, "Relu", 0.5, 2), "y");
  }

  @Property(tries = TRIES)
  void erf(@ForAll long seed) {
    assertExact(function(seed, "Erf", -2, 2), "y");
  }

  @Property(tries = TRIES)
  void tanh(@ForAll long seed) {
    assertExact(function(seed, "Tanh", -2, 2), "y");
  }

  @Property(tries = TRIES)
  void sigmoid(@ForAll long seed) {
    assertExact(function(seed, "Sigmoid", -2, 2), "y");
  }

  @Property(tries = TRIES)
  void softplus(@ForAll long seed) {
    assertExact(function(seed, "Softplus", -2, 2), "y");
  }

  @Property(tries = TRIES)
  void gelu(@ForAll long seed) {
    assertExact(function(seed, "Gelu", -3, 3), "y");
  }

  @Property(tries = TRIES)
  void geluByTanh(@ForAll long seed) {
    Node node = Node.of("Gelu", List.of("x"), List.of("y")).with("approximate", "tanh");
    assertExact(function(seed, node, -3, 3), "y");
  }

  @Property(tries = TRIES)
  void geluOfTheRuntime(@ForAll long seed) {
    Node node = Node.of("Gelu", List.of("x"), List.of("y")).in(Node.MICROSOFT);
    assertExact(function(seed, node, -3, 3), "y");
  }

  @Property(tries = TRIES)
  void fastGelu(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check = new RuleCheck(random).input("x", 3, 4).constant("bias", 4);
    Node node = Node.of("FastGelu", List.of("x", "bias"), List.of("y")).in(Node.MICROSOFT);
    assertExact(check.node(node), "y");
  }

  @Property(tries = TRIES)
  void quickGelu(@ForAll long seed) {
    Node node =
        Node.of("QuickGelu", List.of("x"), List.of("y")).in(Node.MICROSOFT).with("alpha", 1.3f);
    assertExact(function(seed, node, -3, 3), "y");
  }

  /** The product that gated networks make; the activation is computed again on the way back. */
  @Property(tries = TRIES)
  void quickGeluTimesAnotherTensor(@ForAll long seed) {
    Random random = new Random(seed);
    Node node =
        Node.of("QuickGelu", List.of("x"), List.of("a")).in(Node.MICROSOFT).with("alpha", 1f);
    RuleCheck check = new RuleCheck(random).growingInput("x", 2, 5).growingInput("b", 2, 5);
    assertExact(check.node(node).node("Mul", "y", "a", "b"), "y");
  }

  @Property(tries = TRIES)
  void quickGeluTimesBroadcastTensor(@ForAll long seed) {
    Random random = new Random(seed);
    Node node =
        Node.of("QuickGelu", List.of("x"), List.of("a")).in(Node.MICROSOFT).with("alpha", 1f);
    RuleCheck check = new RuleCheck(random).input("x", 1, 5).input("b", 2, 5);
    assertExact(check.node(node).node("Mul", "y", "a", "b"), "y");
  }

  @Property(tries = TRIES)
  void matMul(@ForAll long seed) {
    Random random = new Random(seed);
    long[] batch = shape(random, random.nextInt(3));
    RuleCheck check =
        new RuleCheck(random)
            .input("a", matrix(batch, 3, 4))
            .input("b", matrix(random.nextBoolean() ? batch : new long[0], 4, 5));
    assertExact(check.node("MatMul", "y", "a", "b"), "y");
  }

  @Property(tries = TRIES)
  void matMulWithBroadcastBatch(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check = new RuleCheck(random).input("a", 2, 1, 3, 4).input("b", 3, 4, 2);
    assertExact(check.node("MatMul", "y", "a", "b"), "y");
  }

  @Property(tries = 2 * TRIES)
  void fusedMatMul(@ForAll long seed) {
    Random random = new Random(seed);
    boolean transposeA = random.nextBoolean();
    boolean transposeB = random.nextBoolean();
    long[] batch = shape(random, random.nextInt(3));
    Node node =
        Node.of("FusedMatMul", List.of("a", "b"), List.of("y"))
            .in(Node.MICROSOFT)
            .with("transA", transposeA ? 1 : 0)
            .with("transB", transposeB ? 1 : 0)
            .with("alpha", 0.7f);
    RuleCheck check =
        new RuleCheck(random)
            .input("a", transposeA ? matrix(batch, 4, 3) : matrix(batch, 3, 4))
            .input("b", transposeB ? matrix(batch, 5, 4) : matrix(batch, 4, 5));
    assertExact(check.node(node), "y");
  }

  @Property(tries = 2 * TRIES)
  void gemm(@ForAll long seed) {
    Random random = new Random(seed);
    boolean transposeA = random.nextBoolean();
    boolean transposeB = random.nextBoolean();
    Node node =
        Node.of("Gemm", List.of("a", "b", "c"), List.of("y"))
            .with("transA", transposeA ? 1 : 0)
            .with("transB", transposeB ? 1 : 0)
            .with("alpha", 0.7f)
            .with("beta", 1.3f);
    RuleCheck check =
        new RuleCheck(random)
            .input("a", transposeA ? new long[] {4, 3} : new long[] {3, 4})
            .input("b", transposeB ? new long[] {5, 4} : new long[] {4, 5})
            .input("c", random.nextBoolean() ? new long[] {5} : new long[] {3, 1});
    assertExact(check.node(node), "y");
  }

  @Property(tries = 2 * TRIES)
  void matMulNBits(@ForAll long seed) {
    Random random = new Random(seed);
    int bits = random.nextBoolean() ? 4 : 8;
    int blocks = 1 + random.nextInt(3);
    byte[] weight = new byte[6 * blocks * 32 * bits / 8];
    random.nextBytes(weight);
    byte[] zeroPoints = new byte[6 * ((blocks * bits + 7) / 8)];
    random.nextBytes(zeroPoints);
    boolean isAsymmetric = random.nextBoolean();
    RuleCheck check =
        new RuleCheck(random, random.nextBoolean() ? 17 : 21)
            .growingInput("x", 2, 3, blocks * 32)
            .constant(
                "w", Tensor.of(ElementType.UINT8, new long[] {6, blocks, 32 * bits / 8}, weight))
            .numbers(() -> 0.02 * (1 + random.nextDouble()) / (bits == 4 ? 1 : 16))
            .constant("scales", 6L * blocks)
            .constant(
                "zero", Tensor.of(ElementType.UINT8, new long[] {zeroPoints.length}, zeroPoints));
    List<String> inputs =
        isAsymmetric ? List.of("x", "w", "scales", "zero") : List.of("x", "w", "scales");
    Node node =
        Node.of("MatMulNBits", inputs, List.of("y"))
            .in(Node.MICROSOFT)
            .with("K", 32 * blocks)
            .with("N", 6)
            .with("bits", bits)
            .with("block_size", 32)
            .with("accuracy_level", 1);
    assertExact(check.node(node), "y");
  }

  @Property(tries = TRIES)
  void softmax(@ForAll long seed) {
    Random random = new Random(seed);
    int axis = random.nextInt(3) - 1;
    RuleCheck check = new RuleCheck(random).input("x", 2, 3, 4);
    Node node = Node.of("Softmax", List.of("x"), List.of("y")).with("axis", axis);
    assertExact(check.node(node), "y");
  }

  @Property(tries = TRIES)
  void layerNormalization(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check = new RuleCheck(random).input("x", 2, 3, 6).constant("w", 6).constant("b", 6);
    Node node =
        Node.of("LayerNormalization", List.of("x", "w", "b"), List.of("y")).with("epsilon", 1e-3f);
    assertExact(check.node(node), "y");
  }

  @Property(tries = TRIES)
  void rmsNormalization(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check = new RuleCheck(random).input("x", 2, 3, 6).constant("w", 6);
    Node node =
        Node.of("SimplifiedLayerNormalization", List.of("x", "w"), List.of("y"))
            .with("axis", -1)
            .with("epsilon", 1e-3f);
    assertExact(check.node(node), "y");
  }

  @Property(tries = 2 * TRIES)
  void reductions(@ForAll long seed) {
    Random random = new Random(seed);
    String opType = random.nextBoolean() ? "ReduceSum" : "ReduceMean";
    long[] axes = random.nextBoolean() ? new long[] {-1} : new long[] {0, 2};
    RuleCheck check =
        new RuleCheck(random).input("x", 2, 3, 4).constant("axes", Tensor.ofLongs(axes));
    Node node =
        Node.of(opType, List.of("x", "axes"), List.of("y")).with("keepdims", random.nextInt(2));
    assertExact(check.node(node), "y");
  }

  @Property(tries = TRIES)
  void reshapes(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check =
        new RuleCheck(random)
            .growingInput("x", 2, 3, 4)
            .constant("shape", Tensor.ofLongs(0, -1))
            .constant("axes", Tensor.ofLongs(1, -1))
            .node("Reshape", "a", "x", "shape")
            .node("Unsqueeze", "b", "a", "axes")
            .node("Squeeze", "y", "b", "axes");
    assertExact(
        check.node(Node.of("Flatten", List.of("x"), List.of("z")).with("axis", 2)), "y", "z");
  }

  @Property(tries = TRIES)
  void transpose(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check = new RuleCheck(random).input("x", 2, 3, 4);
    Node node = Node.of("Transpose", List.of("x"), List.of("y"));
    assertExact(
        check.node(random.nextBoolean() ? node : node.with("perm", List.of(2L, 0L, 1L))), "y");
  }

  @Property(tries = TRIES)
  void expand(@ForAll long seed) {
    Random random = new Random(seed);
    long[] whole = shape(random, 3);
    RuleCheck check =
        new RuleCheck(random)
            .input("x", broadcast(random, whole))
            .constant("shape", Tensor.ofLongs(whole));
    assertExact(check.node("Expand", "y", "x", "shape"), "y");
  }

  @Property(tries = TRIES)
  void rotaryEmbedding(@ForAll long seed) {
    Random random = new Random(seed);
    boolean isPartial = random.nextBoolean();
    Node node =
        Node.of("RotaryEmbedding", List.of("x", "offset", "cos", "sin"), List.of("y"))
            .in(Node.MICROSOFT)
            .with("interleaved", random.nextInt(2))
            .with("num_heads", isPartial ? 2 : 0)
            .with("rotary_embedding_dim", isPartial ? 4 : 0);
    RuleCheck check =
        new RuleCheck(random)
            .input("x", 2, 2, 3, isPartial ? 6 : 4)
            .constant("offset", Tensor.ofLongs(2))
            .constant("cos", 8, 2)
            .constant("sin", 8, 2);
    assertExact(check.node(node), "y");
  }

  @Property(tries = TRIES)
  void concat(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check =
        new RuleCheck(random).growingInput("a", 2, 3).input("b", 1, 3).growingInput("c", 3, 3);
    Node node = Node.of("Concat", List.of("a", "b", "c"), List.of("y")).with("axis", 0);
    assertExact(check.node(node), "y");
  }

  @Property(tries = TRIES)
  void split(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check =
        new RuleCheck(random).input("x", 2, 7).constant("sizes", Tensor.ofLongs(2, 1, 4));
    Node node = Node.of("Split", List.of("x", "sizes"), List.of("p", "q", "r")).with("axis", 1);
    check.node(node);
    if (random.nextBoolean()) {
      assertExact(check, "p", "r");
    } else {
      assertExact(check, "p", "q", "r");
    }
  }

  @Property(tries = TRIES)
  void slice(@ForAll long seed) {
    Random random = new Random(seed);
    long begin = random.nextInt(3);
    RuleCheck check =
        new RuleCheck(random)
            .growingInput("x", 2, 6)
            .constant("begin", Tensor.ofLongs(begin - 6))
            .constant("end", Tensor.ofLongs(Long.MAX_VALUE))
            .constant("axis", Tensor.ofLongs(-1));
    assertExact(check.node("Slice", "y", "x", "begin", "end", "axis"), "y");
  }

  /** Halves rotated as exports of rotary embeddings write it, and the whole besides. */
  @Property(tries = TRIES)
  void slicesOfTensorThatIsReadAsWellAsAWhole(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check =
        new RuleCheck(random)
            .input("x", 2, 6)
            .constant("zero", Tensor.ofLongs(0))
            .constant("half", Tensor.ofLongs(3))
            .constant("end", Tensor.ofLongs(6))
            .constant("axis", Tensor.ofLongs(1))
            .node("Slice", "a", "x", "zero", "half", "axis")
            .node("Slice", "b", "x", "half", "end", "axis")
            .node("Neg", "c", "b")
            .node(Node.of("Concat", List.of("c", "a"), List.of("d")).with("axis", 1));
    assertExact(check.node("Mul", "y", "d", "x"), "y");
  }

  @Property(tries = TRIES)
  void overlappingSlices(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check =
        new RuleCheck(random)
            .input("x", 3, 7)
            .constant("1", Tensor.ofLongs(1))
            .constant("2", Tensor.ofLongs(2))
            .constant("4", Tensor.ofLongs(4))
            .constant("6", Tensor.ofLongs(6))
            .constant("axis", Tensor.ofLongs(1))
            .node("Slice", "a", "x", "1", "4", "axis")
            .node("Slice", "b", "x", "2", "4", "axis")
            .node("Slice", "c", "x", "4", "6", "axis");
    assertExact(check, "a", "b", "c");
  }

  @Property(tries = TRIES)
  void gatherOfOneIndex(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check = new RuleCheck(random).input("x", 2, 4, 3);
    check.constant(
        "index", random.nextBoolean() ? Tensor.scalar(-1L) : Tensor.ofLongs(random.nextInt(4)));
    Node node = Node.of("Gather", List.of("x", "index"), List.of("y")).with("axis", 1);
    assertExact(check.node(node), "y");
  }

  @Property(tries = TRIES)
  void gatherOfRepeatedRows(@ForAll long seed) {
    Random random = new Random(seed);
    RuleCheck check =
        new RuleCheck(random).growingInput("x", 3, 2).constant("rows", Tensor.ofLongs(2, 0, 2));
    assertExact(check.node("Gather", "y", "x", "rows"), "y");
  }

  @Example
  void refusesOperatorsWithoutRuleByName() {
    RuleCheck check = new RuleCheck(new Random(1)).input("x", 3).node("Sin", "a", "x");
    check.node("Atan", "y", "a");

    assertThatThrownBy(() -> check.error("y"))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("Atan")
        .hasMessageContaining("Sin");
  }

  private static long[] matrix(long[] batch, long rows, long columns) {
    long[] dims = java.util.Arrays.copyOf(batch, batch.length + 2);
    dims[batch.length] = rows;
    dims[batch.length + 1] = columns;
    return dims;
  }
}
