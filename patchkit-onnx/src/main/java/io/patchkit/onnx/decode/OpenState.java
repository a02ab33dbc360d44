package io.patchkit.onnx.decode;

import ai.onnxruntime.OrtException;

/** What holds native memory of a session until it is closed, or the session is. */
interface OpenState extends AutoCloseable {

  /** Ends the pass that is running; this state's owner finds the session closed. */
  void terminate() throws OrtException;

  /** Frees what it holds; called by the session, once. */
  void free();

  @Override
  void close();
}
