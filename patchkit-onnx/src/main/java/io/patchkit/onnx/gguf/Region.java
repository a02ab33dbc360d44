package io.patchkit.onnx.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** The bytes of the external data file that hold one initializer. */
record Region(long offset, long bytes) {

  /** Writes all that remains of {@code source} at an offset within the region. */
  void write(FileChannel out, long at, ByteBuffer source) throws IOException {
    if (at < 0 || source.remaining() > bytes - at) {
      throw new IllegalArgumentException(
          "%d bytes at %d do not fit a region of %d".formatted(source.remaining(), at, bytes));
    }
    long position = offset + at;
    while (source.hasRemaining()) {
      position += out.write(source, position);
    }
  }
}
