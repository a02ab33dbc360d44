package io.patchkit.onnx.gradient;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;

/** Session settings that every session over a model's weights shares. */
final class Sessions {

  private Sessions() {}

  /**
   * Leaves the weights in their files, mapped into memory: a session then costs its activations
   * only, and several sessions share one copy.
   */
  static void mapWeights(OrtSession.SessionOptions options, Path folder) throws OrtException {
    options.addConfigEntry(
        "session.model_external_initializers_file_folder_path", folder.toString());
    options.addConfigEntry("session.disable_prepacking", "1");
  }
}
