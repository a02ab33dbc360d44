package io.patchkit.onnx.gradient;

import java.util.Arrays;

/**
 * Where the tokens of some rows lie in the graph's batch [lines, width].
 *
 * <p>Either each row has a line of its own, padded on the right. Or all rows lie in one line: first
 * the tokens that all of them begin with, once, then what follows in each, as a segment of its own.
 * A token looks at the beginning and at its own segment, so that every row is computed as if it
 * stood alone. A chat's system message, or a soft prompt, is then computed once for all rows.
 */
final class RowLayout {

  /**
   * As many looks at other tokens cost what a token's matrix products cost, about, in the smallest
   * models. In larger ones the products cost more, and one line pays earlier.
   */
  private static final long PRODUCTS = 1024;

  private final int lines;
  private final int width;
  private final int virtual;
  private final int past;
  private final long[] ids;
  private final long[] positions;
  private final long[] segments;
  private final int[] begins;
  private int at;

  private RowLayout(int rows, int lines, int width, int virtual, int past) {
    this.lines = lines;
    this.width = width;
    this.virtual = virtual;
    this.past = past;
    ids = new long[lines * width];
    positions = new long[ids.length];
    segments = new long[ids.length];
    begins = new int[rows];
  }

  /**
   * The cheaper of both layouts, or the first where one line would be too wide.
   *
   * @param rows tokens of each row, at least one each
   * @param owned for each row the first token that must not be shared
   * @param virtual virtual tokens before each row, the same before all
   * @param past positions of keys and values before those
   * @param maxWidth how many tokens one line of all rows may have, virtual ones included
   */
  static RowLayout of(int[][] rows, int[] owned, int virtual, int past, int maxWidth) {
    int shared = shared(rows, owned);
    long packed = (long) virtual + shared;
    long widest = 0;
    for (int[] row : rows) {
      packed += row.length - shared;
      widest = Math.max(widest, (long) virtual + row.length);
    }
    return packed <= maxWidth && work(1, packed, past) < work(rows.length, widest, past)
        ? packed(rows, shared, virtual, past)
        : padded(rows, 1, virtual, past);
  }

  private static long work(long lines, long width, long past) {
    return lines * width * (PRODUCTS + past + width);
  }

  /** How many tokens all rows begin with and may share. */
  private static int shared(int[][] rows, int[] owned) {
    int shared = Arrays.stream(owned).min().orElse(0);
    for (int[] row : rows) {
      int mismatch = Arrays.mismatch(rows[0], 0, shared, row, 0, shared);
      shared = mismatch < 0 ? shared : mismatch;
    }
    return shared;
  }

  /**
   * A line for each row.
   *
   * @param prefixes how many prefixes the virtual tokens are of: one for all rows, or one for each
   */
  static RowLayout padded(int[][] rows, int prefixes, int virtual, int past) {
    int longest = Arrays.stream(rows).mapToInt(row -> row.length).max().orElse(0);
    RowLayout layout = new RowLayout(rows.length, rows.length, virtual + longest, virtual, past);
    for (int r = 0; r < rows.length; r++) {
      layout.at = r * layout.width;
      layout.putVirtual(prefixes > 1 ? r * virtual : 0);
      layout.begins[r] = layout.at;
      layout.put(rows[r], 0, 0);
      for (int i = rows[r].length; i < longest; i++) {
        layout.put(0, virtual + i, 0);
      }
    }
    return layout;
  }

  private static RowLayout packed(int[][] rows, int shared, int virtual, int past) {
    int width = virtual + shared;
    for (int[] row : rows) {
      width += row.length - shared;
    }
    RowLayout layout = new RowLayout(rows.length, 1, width, virtual, past);
    layout.putVirtual(0);
    layout.put(Arrays.copyOf(rows[0], shared), 0, 0);
    for (int r = 0; r < rows.length; r++) {
      layout.begins[r] = layout.at - shared;
      layout.put(rows[r], shared, r + 1);
    }
    return layout;
  }

  private void putVirtual(int first) {
    for (int i = 0; i < virtual; i++) {
      put(-1L - first - i, i, 0);
    }
  }

  private void put(int[] tokens, int from, int segment) {
    for (int i = from; i < tokens.length; i++) {
      put(tokens[i], virtual + i, segment);
    }
  }

  private void put(long id, int position, int segment) {
    ids[at] = id;
    positions[at] = (long) past + position;
    segments[at] = segment;
    at++;
  }

  int lines() {
    return lines;
  }

  int width() {
    return width;
  }

  /** The tokens, virtual ones as −1, −2, …: [lines, width]. */
  long[] ids() {
    return ids.clone();
  }

  /** The position of each token in its row, the past's included: [lines, width]. */
  long[] positions() {
    return positions.clone();
  }

  /** 0 for tokens that all tokens of the line look at, else the number of the segment. */
  long[] segments() {
    return segments.clone();
  }

  /** Where a token lies in the flattened batch. It is not one that rows share. */
  int at(int row, int token) {
    return begins[row] + token;
  }
}
