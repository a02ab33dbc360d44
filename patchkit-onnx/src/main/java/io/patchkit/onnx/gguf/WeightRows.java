package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import io.patchkit.format.BFloat16;
import io.patchkit.format.Float16;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The rows of a weight in the order the graph wants them, read in chunks.
 *
 * <p>llama.cpp interleaves the rows of each query and key head, so that the rotary embedding turns
 * neighbours; the graph's half-split embedding turns row i of a head with row i + headDim / 2.
 * Whole rows move, so quantised rows move unharmed.
 *
 * @param tensor the weight
 * @param interleaved rows of a head whose rows llama.cpp has interleaved; 0 where it has not
 */
record WeightRows(GgufTensor tensor, int interleaved) {

  private static final int CHUNK_BYTES = 1 << 22;

  /** Takes the rows {@code first} to {@code first + count − 1}. */
  interface Visitor {
    /**
     * Takes a chunk.
     *
     * @param bytes the rows' bytes; where each row starts, {@link WeightRows#offset} says
     */
    void visit(ByteBuffer bytes, int first, int count) throws IOException;
  }

  int rows() {
    return tensor.rows();
  }

  int columns() {
    return tensor.columns();
  }

  void forEachChunk(GgufFile file, Visitor visitor) throws IOException {
    int unit = Math.max(1, interleaved);
    int largest = Math.max(tensor.rowBytes(), columns() * Float.BYTES);
    int most = Math.min(rows(), Math.max(unit, CHUNK_BYTES / largest / unit * unit));
    ByteBuffer bytes = ByteBuffer.allocate(most * tensor.rowBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int first = 0; first < rows(); first += most) {
      int count = Math.min(most, rows() - first);
      bytes.clear().limit(count * tensor.rowBytes());
      file.read(tensor, (long) first * tensor.rowBytes(), bytes);
      visitor.visit(bytes.flip(), first, count);
    }
  }

  /** Where the given row of a chunk starts in its bytes. */
  int offset(int rowOfChunk) {
    return source(rowOfChunk, interleaved) * tensor.rowBytes();
  }

  /** Where llama.cpp keeps what belongs into row {@code row}. */
  static int source(int row, int interleaved) {
    if (interleaved == 0) {
      return row;
    }
    int within = row % interleaved;
    int half = interleaved / 2;
    return row - within + within % half * 2 + within / half;
  }

  /**
   * Decodes a row to floats.
   *
   * @param block room for the decoder
   */
  void decode(ByteBuffer bytes, int offset, Block block, float[] row) {
    BlockFormat format = tensor.type().format();
    if (format == null) {
      for (int i = 0; i < row.length; i++) {
        row[i] =
            switch (tensor.type()) {
              case F32 -> bytes.getFloat(offset + 4 * i);
              case F16 -> Float16.toFloat(bytes.getShort(offset + 2 * i));
              default -> BFloat16.toFloat(bytes.getShort(offset + 2 * i));
            };
      }
    } else {
      int elements = tensor.type().blockElements();
      for (int start = 0; start < row.length; start += elements) {
        int at = offset + start / elements * tensor.type().blockBytes();
        format.decoder().decode(bytes, at, block);
        for (int i = 0; i < elements; i++) {
          float scale = block.scales[i / format.group()];
          row[start + i] =
              format.affine()
                  ? scale * block.codes[i] + block.minima[i / format.group()]
                  : scale * (block.codes[i] - format.centre());
        }
      }
    }
    for (float value : row) {
      requireFinite(value);
    }
  }

  /** Refuses NaN and infinity, which would spread to every logit. */
  void requireFinite(float value) {
    if (!Float.isFinite(value)) {
      throw new CorruptModelException(
          "tensor " + tensor.name() + " holds " + value + "; weights must be finite");
    }
  }
}
