package io.patchkit.onnx.gguf;

/** Room for one decoded block, reused from block to block. Not thread-safe. */
final class Block {
  /** The most weights a block has. */
  static final int CAPACITY = 256;

  final byte[] codes = new byte[CAPACITY];
  final float[] scales = new float[CAPACITY / 16];

  /** Set by the affine formats only. */
  final float[] minima = new float[CAPACITY / 16];
}
