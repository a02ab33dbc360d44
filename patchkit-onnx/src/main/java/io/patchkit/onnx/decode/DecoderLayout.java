package io.patchkit.onnx.decode;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a decoder graph wants to be fed: its names, types and sizes, read from the graph itself.
 *
 * @param inputIds token ids [batch, new]
 * @param attentionMask [batch, past + new], null where the graph has none
 * @param positionIds [batch, new], null where the graph counts for itself
 * @param softPrompt rows of the virtual tokens [rows, hidden]
 * @param logitPositions which of the new positions give logits, null where all or the last do
 * @param givesLastOnly whether only the last of the new positions gives logits
 * @param logits [batch, positions, vocabulary]
 * @param slots one a layer
 * @param cacheType of keys and values
 * @param logitsType of the logits
 * @param sharesBuffer whether past and present may be one buffer that the graph appends to
 * @param hiddenSize width of an embedding
 * @param vocabularySize number of logits a position
 */
record DecoderLayout(
    IntegerInput inputIds,
    @Nullable IntegerInput attentionMask,
    @Nullable IntegerInput positionIds,
    String softPrompt,
    @Nullable String logitPositions,
    boolean givesLastOnly,
    String logits,
    List<KeyValueSlot> slots,
    CacheType cacheType,
    CacheType logitsType,
    boolean sharesBuffer,
    int hiddenSize,
    int vocabularySize) {

  DecoderLayout {
    slots = List.copyOf(slots);
  }

  /**
   * An input of whole numbers.
   *
   * @param name the graph's name for it
   * @param wide whether its elements are int64, else int32
   */
  record IntegerInput(String name, boolean wide) {}
}
