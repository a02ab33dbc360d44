package io.patchkit.onnx.text;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.patchkit.EngineException;

/**
 * The Hugging Face tokenizers library, loaded once per process from the jar that ships it.
 *
 * <p>DJL's own tokenizer class is left aside: each of its instances calls home to an address of the
 * cloud it suspects to run in, and each of its encodings carries seven arrays beside the ids.
 */
final class NativeTokenizers {

  private static final String OFFLINE = "ai.djl.offline";

  private NativeTokenizers() {}

  /**
   * @throws EngineException if there is no library for this platform or no folder to unpack it to
   */
  static synchronized TokenizersLibrary library() {
    // On a machine with an NVIDIA GPU the loader would otherwise download a CUDA build.
    String before = System.setProperty(OFFLINE, "true");
    try {
      LibUtils.checkStatus();
      return TokenizersLibrary.LIB;
    } catch (RuntimeException | LinkageError e) {
      throw new EngineException(
          "the native tokenizers library does not load on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + "; expected Linux x64 or arm64, macOS arm64 or Windows x64, and a folder to unpack"
              + " it to (DJL_CACHE_DIR, by default .djl.ai in the home folder)",
          e);
    } finally {
      if (before == null) {
        System.clearProperty(OFFLINE);
      } else {
        System.setProperty(OFFLINE, before);
      }
    }
  }
}
