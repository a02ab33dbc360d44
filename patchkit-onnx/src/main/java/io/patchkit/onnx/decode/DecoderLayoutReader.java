package io.patchkit.onnx.decode;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.PastInput;
import io.patchkit.onnx.graph.TensorInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds out from a decoder graph how it wants to be fed. Beside the names that the exporters give,
 * it takes everything, such as sizes, types, and whether a buffer can be shared, from the graph.
 */
final class DecoderLayoutReader {

  private final Graph graph;
  private final OptionalInt configuredHeadDim;

  /**
   * @param headDim width of a key or value, for graphs that leave it open
   */
  DecoderLayoutReader(Graph graph, OptionalInt headDim) {
    this.graph = graph;
    this.configuredHeadDim = headDim;
  }

  /** The past and present tensors of each layer, in the order of the layers. */
  List<KeyValueSlot> slots() {
    TreeMap<Integer, @Nullable PastInput[]> byLayer = new TreeMap<>();
    for (PastInput past : PastInput.of(graph)) {
      byLayer.computeIfAbsent(past.layer(), layer -> new PastInput[2])[past.isKey() ? 0 : 1] = past;
    }
    if (byLayer.isEmpty()) {
      throw new UnsupportedModelException(
          "the graph has no past inputs such as past_key_values.0.key; found the inputs "
              + names(graph.inputs())
              + "; export the decoder with its cache (optimum: text-generation-with-past)");
    }
    List<KeyValueSlot> slots = new ArrayList<>();
    byLayer.forEach((layer, past) -> slots.add(slot(layer, past[0], past[1])));
    for (KeyValueSlot slot : slots) {
      if (slot.heads() != slots.get(0).heads() || slot.headDim() != slots.get(0).headDim()) {
        throw new UnsupportedModelException(
            slot.pastKey()
                + " has "
                + slot.heads()
                + " heads of "
                + slot.headDim()
                + ", the first layer "
                + slots.get(0).heads()
                + " of "
                + slots.get(0).headDim()
                + "; expected all layers alike");
      }
    }
    return slots;
  }

  private KeyValueSlot slot(int layer, @Nullable PastInput pastKey, @Nullable PastInput pastValue) {
    if (pastKey == null || pastValue == null) {
      throw new UnsupportedModelException(
          "layer " + layer + " has a past key or a past value but not both");
    }
    TensorInfo key = pastKey.tensor();
    TensorInfo value = pastValue.tensor();
    long headDim = key.size(3) > 0 ? key.size(3) : configuredHeadDim.orElse(-1);
    if (key.dims() == null || key.dims().size() != 4 || key.size(1) < 1 || headDim < 1) {
      throw new UnsupportedModelException(
          key.name()
              + " has the shape "
              + key.dims()
              + "; expected [batch, heads, positions, headDim] with heads and headDim fixed there"
              + " or in the configuration");
    }
    if (value.size(1) != key.size(1) || value.size(3) != key.size(3)) {
      throw new UnsupportedModelException(
          "keys and values of layer "
              + layer
              + " differ in shape; expected equal heads and headDim");
    }
    return new KeyValueSlot(
        key.name(),
        value.name(),
        pastKey.present(graph),
        pastValue.present(graph),
        (int) key.size(1),
        (int) headDim);
  }

  /** The type of keys and values. */
  CacheType cacheType(List<KeyValueSlot> slots) {
    return cacheType(requireInput(slots.get(0).pastKey()));
  }

  /** The type of the logits. */
  CacheType logitsType(String logits) {
    TensorInfo info = graph.output(logits);
    if (info == null) {
      throw new UnsupportedModelException(
          "the graph has no output " + logits + "; found " + names(graph.outputs()));
    }
    return cacheType(info);
  }

  private static CacheType cacheType(TensorInfo info) {
    return switch (info.type()) {
      case FLOAT -> CacheType.FLOAT;
      case FLOAT16 -> CacheType.FLOAT16;
      case BFLOAT16 -> CacheType.BFLOAT16;
      default ->
          throw new UnsupportedModelException(
              info.name() + " is of type " + info.type() + "; expected FLOAT, FLOAT16 or BFLOAT16");
    };
  }

  /** An input of token ids, masks or positions, or null where the graph has none of that name. */
  DecoderLayout.@Nullable IntegerInput integers(String name) {
    TensorInfo info = graph.input(name);
    if (info == null) {
      return null;
    }
    if (info.dims() == null || info.dims().size() != 2) {
      throw new UnsupportedModelException(
          name + " has the shape " + info.dims() + "; expected [batch, positions]");
    }
    if (info.type() != ElementType.INT64 && info.type() != ElementType.INT32) {
      throw new UnsupportedModelException(
          name + " is of type " + info.type() + "; expected INT64 or INT32");
    }
    return new DecoderLayout.IntegerInput(name, info.type() == ElementType.INT64);
  }

  /**
   * Whether every present output is written by an operator that appends to the past in place when
   * both are one buffer.
   */
  boolean sharesBuffer(List<KeyValueSlot> slots) {
    for (KeyValueSlot slot : slots) {
      Node key = graph.producer(slot.presentKey());
      Node value = graph.producer(slot.presentValue());
      if (key == null
          || key != value
          || !key.isMicrosoft("GroupQueryAttention")
          || !key.input(3).equals(slot.pastKey())
          || !key.input(4).equals(slot.pastValue())) {
        return false;
      }
    }
    return true;
  }

  /** Refuses a graph that wants to be fed something else. */
  void requireNoOtherInputs(Set<String> known) {
    Set<String> unknown = new HashSet<>(names(graph.inputs()));
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw new UnsupportedModelException(
          "the graph has the inputs "
              + unknown.stream().sorted().toList()
              + " that this layout does not know; expected input_ids, attention_mask, position_ids"
              + " and the past; export the model with optimum or the onnxruntime-genai builder");
    }
  }

  private TensorInfo requireInput(String name) {
    TensorInfo info = graph.input(name);
    if (info == null) {
      throw new UnsupportedModelException(
          "the graph has no input " + name + "; found " + names(graph.inputs()));
    }
    return info;
  }

  private static List<String> names(List<TensorInfo> infos) {
    return infos.stream().map(TensorInfo::name).toList();
  }
}
