package io.patchkit.onnx.graph;

import io.patchkit.UnsupportedModelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The place where a decoder turns token ids into vectors.
 *
 * @param lookup the {@code Gather} or {@code GatherBlockQuantized}
 * @param idsInput which input of {@code lookup} holds the ids
 * @param vectors the tensor [batch, tokens, hidden] that enters the layers: the lookup's output,
 *     after the model's constant scale where there is one
 * @param type the element type of {@code vectors}
 * @param vocabulary how many rows the table has
 * @param hidden how many numbers a row has
 * @param scale the constant between table and layers; Gemma's √hidden, else 1
 */
record EmbeddingLookup(
    Node lookup,
    int idsInput,
    String vectors,
    ElementType type,
    long vocabulary,
    long hidden,
    float scale) {

  private static final Set<String> PASS_IDS =
      Set.of("Cast", "Identity", "Reshape", "Unsqueeze", "Squeeze", "Flatten");

  /**
   * Finds the lookup that the ids of input {@code ids} reach.
   *
   * @throws UnsupportedModelException if there is none, or more than one
   */
  static EmbeddingLookup find(Graph graph, String ids) {
    List<Node> found = new ArrayList<>();
    Deque<String> open = new ArrayDeque<>(List.of(ids));
    Set<String> seen = new HashSet<>(open);
    while (!open.isEmpty()) {
      String name = open.remove();
      for (Node node : graph.consumers(name)) {
        if (isLookup(graph, node) && node.input(1).equals(name)) {
          found.add(node);
        } else if (PASS_IDS.contains(node.opType())
            && node.input(0).equals(name)
            && seen.add(node.output(0))) {
          open.add(node.output(0));
        }
      }
    }
    if (found.size() != 1) {
      throw new UnsupportedModelException(
          "Expected one embedding lookup reached from \""
              + ids
              + "\", found "
              + found
              + "; export the decoder with token ids as its input");
    }
    return of(graph, found.get(0));
  }

  private static boolean isLookup(Graph graph, Node node) {
    boolean plain = node.is("Gather") && node.attribute("axis", 0) == 0;
    boolean quantized =
        node.isMicrosoft("GatherBlockQuantized") && node.attribute("gather_axis", 0) == 0;
    return (plain || quantized) && graph.isConstant(node.input(0));
  }

  private static EmbeddingLookup of(Graph graph, Node lookup) {
    long[] table = tableDims(graph, lookup.input(0));
    if (table.length != 2) {
      throw new UnsupportedModelException(
          "Expected an embedding table [vocabulary, hidden] in "
              + lookup
              + ", found "
              + table.length
              + " dimensions");
    }
    ElementType stored = storedType(graph, lookup.input(0));
    ElementType type = stored;
    long hidden = table[1];
    if (lookup.isMicrosoft("GatherBlockQuantized")) {
      type = storedType(graph, lookup.input(2));
      // Bytes hold several elements; the 4-bit types count elements.
      hidden *= stored == ElementType.UINT8 ? 8 / lookup.attribute("bits", 4) : 1;
    }
    String vectors = lookup.output(0);
    float scale = 1;
    Node next = onlyReader(graph, vectors);
    String candidate = vectors;
    ElementType candidateType = type;
    if (next != null && next.is("Cast")) {
      candidate = next.output(0);
      candidateType = ElementType.of((int) next.attribute("to", 0));
      next = onlyReader(graph, candidate);
    }
    if (next != null && next.is("Mul")) {
      Tensor factor =
          graph.constant(next.input(0).equals(candidate) ? next.input(1) : next.input(0));
      if (factor != null && factor.size() == 1) {
        vectors = next.output(0);
        type = candidateType;
        scale = factor.floats()[0];
      }
    }
    return new EmbeddingLookup(lookup, 1, vectors, type, table[0], hidden, scale);
  }

  /** The only node that reads the values, not just the shape, of {@code name}. */
  private static @Nullable Node onlyReader(Graph graph, String name) {
    Node only = null;
    for (Node node : graph.consumers(name)) {
      if (node.is("Shape")) {
        continue;
      }
      if (only != null) {
        return null;
      }
      only = node;
    }
    return only;
  }

  private static long[] tableDims(Graph graph, String name) {
    Initializer initializer = graph.initializer(name);
    if (initializer != null) {
      return initializer.dims();
    }
    Node node = graph.producer(name);
    if (node != null && node.is("Reshape")) {
      Tensor shape = graph.constant(node.input(1));
      if (shape != null) {
        return resolve(shape.longs(), tableDims(graph, node.input(0)));
      }
    }
    if (node != null && (node.is("Identity") || node.is("Cast") || node.is("DequantizeLinear"))) {
      return tableDims(graph, node.input(0));
    }
    if (node != null && node.is("Transpose")) {
      long[] dims = tableDims(graph, node.input(0));
      long[] perm = node.longs("perm");
      long[] transposed = new long[dims.length];
      for (int i = 0; i < dims.length; i++) {
        transposed[i] = dims[perm == null ? dims.length - 1 - i : (int) perm[i]];
      }
      return transposed;
    }
    throw new UnsupportedModelException(
        "Expected the embedding table \"" + name + "\" to be a weight, found " + node);
  }

  private static long[] resolve(long[] shape, long[] source) {
    long[] dims = shape.clone();
    long known = 1;
    int open = -1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == 0) {
        dims[i] = source[i];
      }
      if (dims[i] < 0) {
        open = i;
      } else {
        known *= dims[i];
      }
    }
    if (open >= 0) {
      dims[open] = ElementType.elementCount(source) / known;
    }
    return dims;
  }

  private static ElementType storedType(Graph graph, String name) {
    Node node = graph.producer(name);
    if (node != null && node.is("Cast")) {
      return ElementType.of((int) node.attribute("to", 0));
    }
    if (node != null && node.is("DequantizeLinear")) {
      return storedType(graph, node.input(1));
    }
    if (node != null && !node.is("Constant")) {
      return storedType(graph, node.input(0));
    }
    Initializer initializer = graph.initializer(name);
    if (initializer == null) {
      throw new UnsupportedModelException(
          "Expected \"" + name + "\" to be a weight, found " + node);
    }
    return initializer.type();
  }
}
