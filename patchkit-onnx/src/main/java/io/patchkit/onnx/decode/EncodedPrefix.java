package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.patchkit.KeyValuePrefix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values that a stack of patches leaves in every layer: what a request starts from.
 * Immutable; the memory is native and goes with the object.
 *
 * @param length virtual tokens
 * @param planes per layer the keys, then the values, each [heads, length, headDim] in the cache's
 *     element type
 */
record EncodedPrefix(int length, List<ByteBuffer> planes) {

  /** No virtual tokens, for a decoder of so many layers. */
  static EncodedPrefix empty(int layers) {
    List<ByteBuffer> planes = new ArrayList<>();
    for (int i = 0; i < 2 * layers; i++) {
      planes.add(NativeMemory.allocate(0));
    }
    return new EncodedPrefix(0, planes);
  }

  EncodedPrefix {
    List<ByteBuffer> readOnly = new ArrayList<>();
    for (ByteBuffer plane : planes) {
      readOnly.add(plane.duplicate().order(ByteOrder.nativeOrder()).clear());
    }
    planes = List.copyOf(readOnly);
  }

  /** Native memory held, in bytes. */
  long bytes() {
    long bytes = 0;
    for (ByteBuffer plane : planes) {
      bytes += plane.capacity();
    }
    return bytes;
  }

  /** The runtime's view of the planes, [1, heads, length, headDim]; the caller closes it. */
  List<OnnxTensor> tensors(OrtEnvironment environment, DecoderLayout layout) throws OrtException {
    List<OnnxTensor> tensors = new ArrayList<>();
    for (int i = 0; i < planes.size(); i++) {
      KeyValueSlot slot = layout.slots().get(i / 2);
      ByteBuffer plane = planes.get(i);
      tensors.add(
          OnnxTensor.createTensor(
              environment,
              plane.duplicate().order(plane.order()),
              new long[] {1, slot.heads(), length, slot.headDim()},
              layout.cacheType().javaType()));
    }
    return tensors;
  }

  /** This prefix followed by stored keys and values, taken as they are. */
  EncodedPrefix plus(KeyValuePrefix next, CacheType type) {
    int heads = next.keyValueHeads();
    int row = next.headDim() * type.bytes();
    int bytes = NativeMemory.size(1, length + next.length(), (long) heads * row);
    List<ByteBuffer> joined = new ArrayList<>();
    for (int i = 0; i < planes.size(); i++) {
      ByteBuffer added = type.encode(i % 2 == 0 ? next.keys(i / 2) : next.values(i / 2));
      ByteBuffer plane = NativeMemory.allocate(bytes);
      for (int head = 0; head < heads; head++) {
        plane.put(planes.get(i).slice(head * length * row, length * row));
        plane.put(added.slice(head * next.length() * row, next.length() * row));
      }
      joined.add(plane);
    }
    return new EncodedPrefix(length + next.length(), joined);
  }
}
