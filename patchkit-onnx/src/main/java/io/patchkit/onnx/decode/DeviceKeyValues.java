package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values that stay on the device. Only the prefix is brought there, by the first pass;
 * nothing is brought back, so other requests cannot start from them.
 */
final class DeviceKeyValues implements KeyValues {

  private final DecoderLayout layout;
  private final DeviceCache cache;
  private List<OnnxTensor> prefix;

  /** Takes the cache over. */
  DeviceKeyValues(
      OrtEnvironment environment, DecoderLayout layout, EncodedPrefix prefix, DeviceCache cache)
      throws OrtException {
    this.layout = layout;
    this.cache = cache;
    this.prefix = prefix.tensors(environment, layout);
  }

  @Override
  public void makeRoom(int held, int positions) {}

  @Override
  public OrtSession.@Nullable Result run(
      DecoderSession session,
      Map<String, OnnxTensor> inputs,
      Map<String, OnnxTensor> pinned,
      Set<String> requested,
      OrtSession.RunOptions options)
      throws OrtException {
    if (!requested.isEmpty()) {
      throw new IllegalStateException("a pass on the device gives pinned outputs only");
    }
    for (int plane = 0; plane < prefix.size(); plane++) {
      inputs.put(layout.slots().get(plane / 2).past(plane % 2 == 0), prefix.get(plane));
    }
    cache.run(inputs, pinned, options);
    closePrefix();
    return null;
  }

  @Override
  public void copyPlane(int plane, int positions, ByteBuffer to, int at, int stride) {
    throw new IllegalStateException("keys and values on the device are not copied");
  }

  private void closePrefix() {
    prefix.forEach(OnnxTensor::close);
    prefix = List.of();
  }

  @Override
  public void close() {
    closePrefix();
    cache.close();
  }
}
