package io.patchkit.onnx.decode;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Lets keys and values stay on the device by calling ONNX Runtime's C interface. This is the class
 * that Java 22 and newer see.
 */
final class DeviceAccess {

  private static final System.Logger LOG = System.getLogger(DeviceAccess.class.getName());

  private DeviceAccess() {}

  /**
   * Caches on the device of a session.
   *
   * @param session over the graph, open for longer than the caches
   * @param cudaDevice index of the GPU; empty for the processor
   * @return null where that is not to be had
   */
  static DeviceCache.@Nullable Source find(
      OrtSession session, DecoderLayout layout, OptionalInt cudaDevice) {
    try {
      return new BoundCache.Source(
          RuntimeApi.load(), new NativeHandles(), session, layout, cudaDevice);
    } catch (ReflectiveOperationException
        | IllegalCallerException
        | IllegalStateException
        | OrtException e) {
      LOG.log(
          System.Logger.Level.INFO,
          "keys and values are copied from and to the device in every pass; keeping them there"
              + " takes --enable-native-access and a known ONNX Runtime",
          e);
      return null;
    }
  }
}
