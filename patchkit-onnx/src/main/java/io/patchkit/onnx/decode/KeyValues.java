package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.Map;
import java.util.Set;

/** The keys and values of one request, as a pass over the graph reads and extends them. */
sealed interface KeyValues permits SharedKeyValues, GrowingKeyValues {

  /** Binds the past inputs, and what the pass shall write to or return. */
  void bind(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> pinned, Set<String> requested)
      throws OrtException;

  /** Takes what the pass returned; the positions it added now count as past. */
  void accept(OrtSession.Result result);

  /** A copy of the first positions, to start other requests from. */
  EncodedPrefix snapshot(int length);

  /** Frees the runtime's handles. */
  void close();
}
