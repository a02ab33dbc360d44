package io.patchkit.onnx.gguf;

import java.io.IOException;
import java.nio.channels.FileChannel;

/** Writes the bytes of one or more initializers to the external data file. */
@FunctionalInterface
interface Payload {
  void write(FileChannel out) throws IOException;
}
