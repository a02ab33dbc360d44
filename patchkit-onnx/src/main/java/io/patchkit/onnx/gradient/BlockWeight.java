package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.ExternalData;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import java.util.Arrays;

/**
 * The weight [N, K] of a {@code MatMulNBits}, whose rows are stored in blocks that share a scale
 * and a zero point.
 */
record BlockWeight(Node node, long n, long k, long bits, long block) {

  /** {@code DequantizeLinear} knows blocks from this operator set on. */
  private static final long BLOCKED_DEQUANTIZE = 21;

  static BlockWeight of(Node node, Graph graph) {
    long k = node.attribute("K", 0);
    long block = node.attribute("block_size", 0);
    long bits = node.attribute("bits", 4);
    if (block < 1 || k % block != 0 || (bits != 4 && bits != 8)) {
      throw new UnsupportedModelException(
          "Expected 4 or 8 bits and whole blocks in "
              + node
              + ", found "
              + bits
              + " bits and "
              + k
              + " columns in blocks of "
              + block);
    }
    return new BlockWeight(node, node.attribute("N", 0), k, bits, block);
  }

  /** Writes nodes that expand the weight to float [N, K] once the gradient [.., N] is there. */
  String expand(Pullback context) {
    Ops ops = context.ops();
    long blocks = k / block;
    // Zero, but known only once the gradient is: its first dimension depends on the batch.
    String later = ops.mul(ops.dim(context.gradient(), 0), ops.longs(0));
    // Four-bit tensors are packed without a gap, zero points with one at the end of an odd row.
    boolean isPacked = bits == 8 || blocks % 2 == 0 || node.input(3).isEmpty();
    if (context.graph().opset("") >= BLOCKED_DEQUANTIZE && isPacked) {
      ElementType type = bits == 4 ? ElementType.UINT4 : ElementType.UINT8;
      String scales =
          ops.reshape(
              view(context, node.input(2), ElementType.FLOAT, n, blocks),
              ops.add(ops.longs(n, blocks), later));
      String zeroPoints =
          node.input(3).isEmpty()
              ? middle(context, type, blocks)
              : view(context, node.input(3), type, n, blocks);
      return ops.op(
          ops.node("DequantizeLinear", view(context, node.input(1), type, n, k), scales, zeroPoints)
              .with("axis", 1)
              .with("block_size", block));
    }
    String all = ops.add(ops.op("Range", ops.scalar(0L), ops.scalar(n), ops.scalar(1L)), later);
    String data = view(context, node.input(1), ElementType.UINT8, n, k * bits / 8);
    String scales = view(context, node.input(2), ElementType.FLOAT, n, blocks);
    Node gather =
        node.input(3).isEmpty()
            ? ops.node("GatherBlockQuantized", data, all, scales)
            : ops.node(
                "GatherBlockQuantized",
                data,
                all,
                scales,
                view(context, node.input(3), ElementType.UINT8, n, (blocks * bits + 7) / 8));
    return ops.op(
        gather
            .in(Node.MICROSOFT)
            .with("gather_axis", 0)
            .with("quantize_axis", 1)
            .with("block_size", block)
            .with("bits", bits));
  }

  /** The zero point of a weight that stores none, one constant for all weights of a shape. */
  private String middle(Pullback context, ElementType type, long blocks) {
    String name = "/patchkit/zero_points/" + type + Arrays.toString(new long[] {n, blocks});
    if (context.graph().initializer(name) == null) {
      long[] dims = {n, blocks};
      byte[] bytes = new byte[Math.toIntExact(type.byteSize(dims))];
      Arrays.fill(bytes, (byte) (bits == 4 ? 0x88 : 0x80));
      context.graph().add(Initializer.of(name, Tensor.of(type, dims, bytes)));
    }
    return name;
  }

  /** The same bytes of the same file under another type and other dimensions. */
  private static String view(Pullback context, String weight, ElementType type, long... dims) {
    Initializer initializer = context.graph().initializer(weight);
    if (initializer == null) {
      throw context.refuse("\"" + weight + "\" is computed");
    }
    if (initializer.type() == type && Arrays.equals(initializer.dims(), dims)) {
      return weight;
    }
    String name = weight + "/" + type + Arrays.toString(dims);
    if (context.graph().initializer(name) == null) {
      ExternalData external = initializer.external();
      context
          .graph()
          .add(
              external == null
                  ? Initializer.of(name, initializer.value().as(type, dims))
                  : Initializer.external(name, type, dims, external));
    }
    return name;
  }
}
