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
   * @param knownRuntime how the version of ONNX Runtime has to begin
   * @return null where that is not to be had
   */
  static DeviceCache.@Nullable Source find(
      OrtSession session, DecoderLayout layout, OptionalInt cudaDevice, String knownRuntime) {
    try {
      return new BoundCache.Source(
          RuntimeApi.load(knownRuntime), new NativeHandles(), session, layout, cudaDevice);
    } catch (ReflectiveOperationException
        | IllegalCallerException
        | IllegalStateException
        | OrtException e) {
      LOG.log(
          System.Logger.Level.INFO,
          "keys and values are copied from and to the device in every pass; keeping them there"
              + " takes --enable-native-access and an ONNX Runtime of version {0}x in the class"
              + " loader of patchkit-onnx, found: {1}",
          knownRuntime,
          e.getMessage());
      return null;
    }
  }
}
