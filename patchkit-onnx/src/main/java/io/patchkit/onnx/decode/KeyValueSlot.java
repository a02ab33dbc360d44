package io.patchkit.onnx.decode;

/**
 * Where one layer keeps its keys and values: the graph's names for them and their shape [batch,
 * heads, positions, headDim].
 *
 * @param pastKey input that holds the keys of earlier positions
 * @param pastValue input that holds the values of earlier positions
 * @param presentKey output with the keys of all positions
 * @param presentValue output with the values of all positions
 * @param heads key/value heads
 * @param headDim width of one key or value
 */
record KeyValueSlot(
    String pastKey,
    String pastValue,
    String presentKey,
    String presentValue,
    int heads,
    int headDim) {

  /** The past inputs of a list of slots in a fixed order: key and value of each layer in turn. */
  String past(boolean key) {
    return key ? pastKey : pastValue;
  }

  /** The present outputs, in the same order as {@link #past}. */
  String present(boolean key) {
    return key ? presentKey : presentValue;
  }
}
