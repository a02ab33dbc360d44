package io.patchkit;

import java.util.Arrays;

/**
 * Virtual tokens as the keys and values that each layer would have kept of them (prefix tuning, Li
 * and Liang, arXiv 2101.00190). Keys are stored as the attention reads them, after any rotary
 * embedding.
 *
 * <p>The numbers are laid out as PEFT lays them out: [length, 2 · layers, keyValueHeads, headDim],
 * where index 2l holds the key of layer l and 2l + 1 its value.
 */
public final class KeyValuePrefix implements Prefix {

  private final int length;
  private final int layers;
  private final int keyValueHeads;
  private final int headDim;
  private final float[] rows;
  private final String digest;

  private KeyValuePrefix(int layers, int keyValueHeads, int headDim, float[] rows) {
    this.length = rows.length / (2 * layers * keyValueHeads * headDim);
    this.layers = layers;
    this.keyValueHeads = keyValueHeads;
    this.headDim = headDim;
    this.rows = rows;
    this.digest =
        PrefixDigest.of(
            "key-value/" + length + "/" + layers + "/" + keyValueHeads + "/" + headDim, rows);
  }

  /**
   * A prefix of as many virtual tokens as there are whole rows.
   *
   * @param rows row-major [length, 2 · layers, keyValueHeads, headDim], copied; all finite
   * @throws IllegalArgumentException if a size is below 1, the rows are not a whole number of
   *     virtual tokens, none, more than {@link Prefix#MAX_LENGTH}, or not finite
   */
  public static KeyValuePrefix of(int layers, int keyValueHeads, int headDim, float[] rows) {
    if (layers < 1 || keyValueHeads < 1 || headDim < 1) {
      throw new IllegalArgumentException(
          "layers, keyValueHeads, headDim are "
              + Arrays.asList(layers, keyValueHeads, headDim)
              + "; allowed: at least 1 each");
    }
    long width = 2L * layers * keyValueHeads * headDim;
    if (rows.length == 0 || rows.length % width != 0 || rows.length / width > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "rows has "
              + rows.length
              + " numbers; allowed: between 1 and "
              + MAX_LENGTH
              + " whole rows of 2 x layers x keyValueHeads x headDim = "
              + width);
    }
    PrefixDigest.requireFinite("rows", rows);
    return new KeyValuePrefix(layers, keyValueHeads, headDim, rows.clone());
  }

  @Override
  public int length() {
    return length;
  }

  /** Number of layers. */
  public int layers() {
    return layers;
  }

  /** Key/value heads of each layer. */
  public int keyValueHeads() {
    return keyValueHeads;
  }

  /** Width of one key or value. */
  public int headDim() {
    return headDim;
  }

  /** A copy of all numbers, row-major [length, 2 · layers, keyValueHeads, headDim]. */
  public float[] rows() {
    return rows.clone();
  }

  /** The keys of one layer, row-major [keyValueHeads, length, headDim], newly made. */
  public float[] keys(int layer) {
    return plane(2 * layer);
  }

  /** The values of one layer, row-major [keyValueHeads, length, headDim], newly made. */
  public float[] values(int layer) {
    return plane(2 * layer + 1);
  }

  private float[] plane(int index) {
    int width = 2 * layers * keyValueHeads * headDim;
    float[] plane = new float[keyValueHeads * length * headDim];
    for (int head = 0; head < keyValueHeads; head++) {
      for (int position = 0; position < length; position++) {
        int from = position * width + (index * keyValueHeads + head) * headDim;
        System.arraycopy(rows, from, plane, (head * length + position) * headDim, headDim);
      }
    }
    return plane;
  }

  @Override
  public String digest() {
    return digest;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KeyValuePrefix that && digest.equals(that.digest);
  }

  @Override
  public int hashCode() {
    return digest.hashCode();
  }

  @Override
  public String toString() {
    return "KeyValuePrefix["
        + length
        + " x "
        + layers
        + " layers x "
        + keyValueHeads
        + " heads x "
        + headDim
        + "]";
  }
}
