package io.patchkit.onnx.decode;

import io.patchkit.Generation;

/** Is told how a request ends, once. */
interface Ending {

  void finished(Generation generation);

  void failed(RuntimeException failure);

  /** Tells nobody. */
  static Ending untold() {
    return new Ending() {
      @Override
      public void finished(Generation generation) {}

      @Override
      public void failed(RuntimeException failure) {}
    };
  }
}
