package io.patchkit.onnx.decode;

import ai.onnxruntime.OrtSession;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether keys and values can stay on the device. ONNX Runtime's Java interface copies
 * every output to the processor's memory; its C interface does not, and Java calls that from
 * version 22 on. This class is what older versions see; the jar holds another one for newer ones
 * (META-INF/versions/22).
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
    LOG.log(
        System.Logger.Level.INFO,
        "keys and values are copied from and to the device in every pass: keeping them there takes"
            + " Java 22 or newer and the multi-release jar of patchkit-onnx, found Java {0}",
        Runtime.version().feature());
    return null;
  }
}
