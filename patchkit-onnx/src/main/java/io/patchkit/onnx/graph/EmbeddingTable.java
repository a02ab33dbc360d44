package io.patchkit.onnx.graph;

import io.patchkit.UnsupportedModelException;
import java.util.List;

/**
 * The part of a decoder that turns token ids into the vectors that enter its layers, as a graph of
 * its own: input {@code ids} as in the decoder but int64, output {@value #VECTORS} float32 [batch,
 * tokens, hidden], after the model's constant scale where it has one.
 *
 * @param graph loadable on its own, with the decoder's weights
 * @param vocabulary how many ids the table serves
 * @param hidden how many numbers a vector has
 * @param scale the constant that is already multiplied in; 1 for most models
 */
public record EmbeddingTable(Graph graph, long vocabulary, long hidden, float scale) {

  public static final String VECTORS = "vectors";

  /**
   * Cuts the table out of a decoder, which stays as it is.
   *
   * @param ids the decoder's input of token ids
   * @throws UnsupportedModelException if the lookup cannot be found
   */
  public static EmbeddingTable of(Graph decoder, String ids) {
    Graph graph = decoder.copy();
    WideInputs.widen(graph);
    EmbeddingLookup embedding = EmbeddingLookup.find(graph, ids);
    graph.add(
        Node.of("Cast", List.of(embedding.vectors()), List.of(VECTORS))
            .with("to", ElementType.FLOAT.number()));
    graph.setOutputs(
        List.of(
            TensorInfo.of(
                VECTORS,
                ElementType.FLOAT,
                Dim.of("batch_size"),
                Dim.of("sequence_length"),
                Dim.of(embedding.hidden()))));
    graph.removeDead();
    for (TensorInfo input : graph.inputs()) {
      if (graph.consumers(input.name()).isEmpty()) {
        graph.removeInput(input.name());
      }
    }
    return new EmbeddingTable(graph, embedding.vocabulary(), embedding.hidden(), embedding.scale());
  }
}
