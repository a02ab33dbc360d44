package io.patchkit.onnx.graph;

import io.patchkit.UnsupportedModelException;
import java.util.List;

/**
 * A decoder whose ids may be negative: id −1 reads row 0 of the new input {@value #ROWS}, id −2 row
 * 1, and so on, while ids from 0 on read the vocabulary as before, bit for bit.
 *
 * <p>Rows enter where token vectors enter the layers. A model that multiplies its embeddings by a
 * constant (Gemma) has done so before that point, so rows that live in the space of its embedding
 * table must be multiplied by {@link #scale()} first.
 *
 * <p>The input {@value #ROWS} is float32 [rows, hidden] and needs at least one row, even where no
 * id is negative.
 *
 * @param ids the graph's input of token ids
 * @param vectors the tensor [batch, tokens, hidden] that enters the layers
 * @param vocabulary how many ids the embedding table serves
 * @param hidden how many numbers a row has
 * @param scale what the model multiplies its own embeddings by; 1 for most
 */
public record VirtualTokens(String ids, String vectors, long vocabulary, long hidden, float scale) {

  /** The input that holds the rows of the virtual tokens. */
  public static final String ROWS = "soft_prompt";

  /**
   * Augments the embedding lookup of {@code graph}.
   *
   * @param ids the graph's input of token ids, usually {@code input_ids}
   * @throws UnsupportedModelException if the lookup cannot be found
   */
  public static VirtualTokens augment(Graph graph, String ids) {
    EmbeddingLookup embedding = EmbeddingLookup.find(graph, ids);
    Node lookup = embedding.lookup();
    String idsAtLookup = lookup.input(embedding.idsInput());
    String base = "/patchkit/virtual_tokens";
    graph.addInput(
        TensorInfo.of(
            ROWS, ElementType.FLOAT, Dim.of("soft_prompt_rows"), Dim.of(embedding.hidden())));

    String ids64 =
        graph.add(
            Node.of("Cast", List.of(idsAtLookup), List.of(graph.uniqueName(base + "/ids")))
                .with("to", ElementType.INT64.number()));
    String zero = graph.constant(base + "/zero", Tensor.scalar(0L));
    String minusOne = graph.constant(base + "/minus_one", Tensor.scalar(-1L));
    String isVirtual = graph.add("Less", base + "/is_virtual", ids64, zero);
    String tokens = graph.add("Where", base + "/tokens", isVirtual, zero, ids64);
    graph.replaceInput(lookup, embedding.idsInput(), tokens);

    String mirrored = graph.add("Sub", base + "/mirrored", minusOne, ids64);
    String row = graph.add("Where", base + "/row", isVirtual, mirrored, zero);
    String rows = graph.add("Gather", base + "/rows", ROWS, row);
    if (embedding.type() != ElementType.FLOAT) {
      rows =
          graph.add(
              Node.of("Cast", List.of(rows), List.of(graph.uniqueName(base + "/cast")))
                  .with("to", embedding.type().number()));
    }
    String column = column(graph, base, isVirtual);
    String vectors = graph.uniqueName(base + "/vectors");
    Node join = Node.of("Where", List.of(column, rows, embedding.vectors()), List.of(vectors));
    graph.add(join);
    graph.replaceUses(embedding.vectors(), vectors, join);
    return new VirtualTokens(
        ids, vectors, embedding.vocabulary(), embedding.hidden(), embedding.scale());
  }

  /** [batch, tokens, 1]; operator sets before 13 have the axis as an attribute. */
  private static String column(Graph graph, String base, String isVirtual) {
    if (graph.opset("") >= 13) {
      String axis = graph.constant(base + "/last_axis", Tensor.ofLongs(-1));
      return graph.add("Unsqueeze", base + "/column", isVirtual, axis);
    }
    return graph.add(
        Node.of("Unsqueeze", List.of(isVirtual), List.of(graph.uniqueName(base + "/column")))
            .with("axes", List.of(-1L)));
  }
}
