package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.Map;
import java.util.Set;

/**
 * The keys and values of the rows of a batch. Rows differ in length; how the shorter ones are
 * padded is up to the kind of graph. Used by one thread at a time.
 */
sealed interface BatchKeyValues permits SharedBatchKeyValues, PaddedBatchKeyValues {

  /** Appends the row of a prompt that has been fed; takes the state over. */
  void join(DecodeState prefilled) throws OrtException;

  /** Removes a row; the last row takes its place. */
  void leave(int row) throws OrtException;

  /** Makes ready for a pass over the rows that are here: room for one more position in each. */
  void makeRoom() throws OrtException;

  /** Positions that the past has room for in every row before the next pass. */
  int width();

  /** Where in the past a row's first position lies. */
  int first(int row);

  /** Binds the past inputs, and what the pass shall write to or return. */
  void bind(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> pinned, Set<String> requested)
      throws OrtException;

  /** Takes what the pass returned; every row is one position longer. */
  void accept(OrtSession.Result result);

  /** Native memory that the rows are laid out in, without what the runtime itself holds. */
  long bytes();

  /** Frees everything. */
  void close();
}
