package io.patchkit.onnx.decode;

/** What holds native memory of a session until it is closed, or the session is. */
interface OpenState extends AutoCloseable {

  /** Frees what it holds; called by the session, once. */
  void free();

  @Override
  void close();
}
