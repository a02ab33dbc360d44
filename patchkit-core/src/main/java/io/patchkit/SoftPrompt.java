package io.patchkit;

import java.util.Objects;

/**
 * Virtual tokens as embeddings that are put before those of the prompt (prompt tuning, Lester et
 * al., arXiv 2104.08691): {@code length × hiddenSize} numbers, a fiftieth of the size of a {@link
 * KeyValuePrefix} on small models.
 */
public final class SoftPrompt implements Prefix {

  private final int length;
  private final int hiddenSize;
  private final EmbeddingSpace space;
  private final float[] rows;
  private final String digest;

  private SoftPrompt(int hiddenSize, EmbeddingSpace space, float[] rows) {
    this.length = rows.length / hiddenSize;
    this.hiddenSize = hiddenSize;
    this.space = space;
    this.rows = rows;
    this.digest = PrefixDigest.of("soft-prompt/" + space + "/" + length + "/" + hiddenSize, rows);
  }

  /**
   * A soft prompt of {@code rows.length / hiddenSize} virtual tokens.
   *
   * @param hiddenSize width of one embedding, ≥ 1
   * @param space on which side of the model's embedding scale the rows live
   * @param rows row-major [length, hiddenSize], copied; all finite
   * @throws IllegalArgumentException if the rows are not a whole number of embeddings, none, more
   *     than {@link Prefix#MAX_LENGTH}, or not finite
   */
  public static SoftPrompt of(int hiddenSize, EmbeddingSpace space, float[] rows) {
    Objects.requireNonNull(space, "space");
    if (hiddenSize < 1) {
      throw new IllegalArgumentException("hiddenSize is " + hiddenSize + "; allowed: at least 1");
    }
    if (rows.length == 0
        || rows.length % hiddenSize != 0
        || rows.length / hiddenSize > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "rows has "
              + rows.length
              + " numbers; allowed: between 1 and "
              + MAX_LENGTH
              + " whole rows of hiddenSize "
              + hiddenSize);
    }
    PrefixDigest.requireFinite("rows", rows);
    return new SoftPrompt(hiddenSize, space, rows.clone());
  }

  @Override
  public int length() {
    return length;
  }

  /** Width of one embedding. */
  public int hiddenSize() {
    return hiddenSize;
  }

  /** On which side of the model's embedding scale the rows live. */
  public EmbeddingSpace space() {
    return space;
  }

  /** A copy of the embeddings, row-major [length, hiddenSize]. */
  public float[] rows() {
    return rows.clone();
  }

  @Override
  public String digest() {
    return digest;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SoftPrompt that && digest.equals(that.digest);
  }

  @Override
  public int hashCode() {
    return digest.hashCode();
  }

  @Override
  public String toString() {
    return "SoftPrompt[" + length + " x " + hiddenSize + ", " + space + "]";
  }
}
