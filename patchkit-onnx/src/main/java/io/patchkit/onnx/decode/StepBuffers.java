package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The native memory one request works in, kept from request to request by a {@link BufferPool}:
 * token ids, mask, positions, one row of logits and, where the graph appends to a shared buffer,
 * the keys and values themselves. The runtime sees the memory without copies.
 *
 * <p>Used by one request at a time. {@link #close} frees the runtime's handles; the memory goes
 * with the object.
 */
final class StepBuffers implements AutoCloseable {

  private final int capacity;
  private final int chunk;
  private final ByteBuffer ids;
  private final ByteBuffer positions;
  private final ByteBuffer mask;
  private final ByteBuffer logits;
  private final FloatBuffer floatLogits;
  private final OnnxTensor logitsTensor;
  private final List<ByteBuffer> planes = new ArrayList<>();
  private final List<OnnxTensor> planeTensors = new ArrayList<>();

  /**
   * @param capacity positions that fit, prefix included
   * @param chunk most tokens fed in one pass
   */
  StepBuffers(OrtEnvironment environment, DecoderLayout layout, int capacity, int chunk)
      throws OrtException {
    this.capacity = capacity;
    this.chunk = chunk;
    ids = EncodedPrefix.direct(8 * chunk);
    positions = EncodedPrefix.direct(8 * chunk);
    mask = EncodedPrefix.direct(8 * capacity);
    DecoderLayout.IntegerInput maskInput = layout.attentionMask();
    if (maskInput != null) {
      for (int i = 0; i < capacity; i++) {
        putInteger(mask, i, 1, maskInput.wide());
      }
    }
    int vocabulary = layout.vocabularySize();
    logits = EncodedPrefix.direct(layout.logitsType().bytes() * vocabulary);
    floatLogits =
        layout.logitsType() == CacheType.FLOAT
            ? logits.asFloatBuffer()
            : FloatBuffer.allocate(vocabulary);
    logitsTensor =
        OnnxTensor.createTensor(
            environment, logits, new long[] {1, 1, vocabulary}, layout.logitsType().javaType());
    if (layout.sharesBuffer()) {
      for (KeyValueSlot slot : layout.slots()) {
        long[] shape = {1, slot.heads(), capacity, slot.headDim()};
        int bytes =
            Math.toIntExact(
                (long) slot.heads() * capacity * slot.headDim() * layout.cacheType().bytes());
        for (int i = 0; i < 2; i++) {
          ByteBuffer plane = EncodedPrefix.direct(bytes);
          planes.add(plane);
          planeTensors.add(
              OnnxTensor.createTensor(environment, plane, shape, layout.cacheType().javaType()));
        }
      }
    }
  }

  int capacity() {
    return capacity;
  }

  /** Most tokens fed in one pass. */
  int chunk() {
    return chunk;
  }

  /** Per layer the keys, then the values, [heads, capacity, headDim]; empty without sharing. */
  List<ByteBuffer> planes() {
    return planes;
  }

  /** The runtime's view of {@link #planes}. */
  List<OnnxTensor> planeTensors() {
    return planeTensors;
  }

  /** The runtime's view of one row of logits, [1, 1, vocabulary]. */
  OnnxTensor logitsTensor() {
    return logitsTensor;
  }

  /** The row of logits that the last pass left, as floats. */
  FloatBuffer logits(CacheType type) {
    return type.decode(logits.duplicate().order(logits.order()).clear(), floatLogits);
  }

  /** Token ids as an input [1, count]; the caller closes it. */
  OnnxTensor ids(
      OrtEnvironment environment,
      DecoderLayout.IntegerInput input,
      int[] tokens,
      int from,
      int count)
      throws OrtException {
    for (int i = 0; i < count; i++) {
      putInteger(ids, i, tokens[from + i], input.wide());
    }
    return integers(environment, ids, input, count);
  }

  /** Consecutive positions as an input [1, count]; the caller closes it. */
  OnnxTensor positions(
      OrtEnvironment environment, DecoderLayout.IntegerInput input, int first, int count)
      throws OrtException {
    for (int i = 0; i < count; i++) {
      putInteger(positions, i, first + i, input.wide());
    }
    return integers(environment, positions, input, count);
  }

  /** A mask of ones as an input [1, count]; the caller closes it. */
  OnnxTensor mask(OrtEnvironment environment, DecoderLayout.IntegerInput input, int count)
      throws OrtException {
    return integers(environment, mask, input, count);
  }

  private static OnnxTensor integers(
      OrtEnvironment environment, ByteBuffer buffer, DecoderLayout.IntegerInput input, int count)
      throws OrtException {
    int bytes = count * (input.wide() ? 8 : 4);
    return OnnxTensor.createTensor(
        environment,
        buffer.slice(0, bytes).order(buffer.order()),
        new long[] {1, count},
        input.wide() ? OnnxJavaType.INT64 : OnnxJavaType.INT32);
  }

  private static void putInteger(ByteBuffer buffer, int index, int value, boolean wide) {
    if (wide) {
      buffer.putLong(8 * index, value);
    } else {
      buffer.putInt(4 * index, value);
    }
  }

  @Override
  public void close() {
    logitsTensor.close();
    planeTensors.forEach(OnnxTensor::close);
  }
}
