package io.patchkit.onnx.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/**
 * The cosines and sines of a rotary embedding (Su et al. 2021, arXiv 2104.09864) for every
 * position: {@code angle[p][i] = p / scale · base^(−2i / headDim) / factor[i]}, float [context,
 * headDim / 2] each. {@link StrictMath} makes them equal on every machine.
 */
final class RotaryCache {

  private static final int CHUNK_FLOATS = 1 << 18;

  private final double[] frequencies;
  private final int context;

  /**
   * Computes the frequencies.
   *
   * @param factors divisors of the frequencies, headDim / 2 of them, as Llama 3.1 has; all 1 for
   *     other models
   */
  RotaryCache(LlamaConfig config, float[] factors) {
    this.context = config.context();
    this.frequencies = new double[config.headDim() / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double exponent = -2.0 * i / config.headDim();
      frequencies[i] =
          StrictMath.pow(config.ropeBase(), exponent) / (factors[i] * config.ropeScale());
    }
  }

  /** Bytes of one of the two tables. */
  long bytes() {
    return (long) context * frequencies.length * Float.BYTES;
  }

  void write(FileChannel out, Region cosines, Region sines) throws IOException {
    int rows = Math.max(1, CHUNK_FLOATS / frequencies.length);
    int capacity = rows * frequencies.length * Float.BYTES;
    ByteBuffer cos = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer sin = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
    for (int first = 0; first < context; first += rows) {
      cos.clear();
      sin.clear();
      for (int position = first; position < Math.min(context, first + rows); position++) {
        for (double frequency : frequencies) {
          double angle = position * frequency;
          cos.putFloat((float) StrictMath.cos(angle));
          sin.putFloat((float) StrictMath.sin(angle));
        }
      }
      long offset = (long) first * frequencies.length * Float.BYTES;
      cosines.write(out, offset, cos.flip());
      sines.write(out, offset, sin.flip());
    }
  }
}
