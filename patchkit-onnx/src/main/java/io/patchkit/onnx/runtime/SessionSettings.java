package io.patchkit.onnx.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;

/** What every session starts from. */
public final class SessionSettings {

  private SessionSettings() {}

  /**
   * Settings of a session that logs nothing; what goes wrong comes as an exception. A session that
   * logs would end the process: when the virtual machine is asked to stop, ONNX Runtime's shutdown
   * hook frees its logger while passes still run, and the next message, of whatever level, is
   * written to freed memory.
   *
   * @return the caller's to close
   */
  public static OrtSession.SessionOptions quiet() throws OrtException {
    OrtSession.SessionOptions settings = new OrtSession.SessionOptions();
    try {
      settings.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      return settings;
    } catch (OrtException e) {
      settings.close();
      throw e;
    }
  }

  /** Settings that also let a graph without a file of its own read its weights from a folder. */
  public static OrtSession.SessionOptions quiet(Path weights) throws OrtException {
    OrtSession.SessionOptions settings = quiet();
    try {
      settings.addConfigEntry(
          "session.model_external_initializers_file_folder_path", weights.toString());
      return settings;
    } catch (OrtException e) {
      settings.close();
      throw e;
    }
  }
}
