package io.patchkit.onnx.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.List;

/**
 * Weights decoded to single precision: a table of rows [N, K] for Gather, or transposed [K, N] for
 * MatMul.
 *
 * @param parts weights of one K, stacked
 */
record FloatMatrix(GgufFile file, List<WeightRows> parts, Region region, boolean transposed)
    implements Payload {

  @Override
  public void write(FileChannel out) throws IOException {
    int outputs = 0;
    for (WeightRows part : parts) {
      outputs += part.rows();
    }
    int base = 0;
    for (WeightRows part : parts) {
      int firstOutput = base;
      int all = outputs;
      Block block = new Block();
      float[] row = new float[part.columns()];
      part.forEachChunk(
          file,
          (bytes, first, count) -> {
            ByteBuffer decoded =
                ByteBuffer.allocate(count * row.length * Float.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN);
            for (int r = 0; r < count; r++) {
              part.decode(bytes, part.offset(r), block, row);
              for (int k = 0; k < row.length; k++) {
                int at = transposed ? k * count + r : r * row.length + k;
                decoded.putFloat(at * Float.BYTES, row[k]);
              }
            }
            write(out, decoded, firstOutput + first, count, row.length, all);
          });
      base += part.rows();
    }
  }

  private void write(
      FileChannel out, ByteBuffer decoded, int firstOutput, int count, int columns, int outputs)
      throws IOException {
    if (!transposed) {
      region.write(out, (long) firstOutput * columns * Float.BYTES, decoded);
      return;
    }
    int stripe = count * Float.BYTES;
    for (int k = 0; k < columns; k++) {
      long at = ((long) k * outputs + firstOutput) * Float.BYTES;
      region.write(out, at, decoded.slice(k * stripe, stripe));
    }
  }
}
