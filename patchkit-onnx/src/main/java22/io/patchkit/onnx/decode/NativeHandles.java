package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtSession;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The pointers behind the objects of ONNX Runtime's Java interface, which keeps them to itself. A
 * pointer is good for as long as its object is open.
 */
final class NativeHandles {

  private final VarHandle sessions;
  private final VarHandle tensors;
  private final VarHandle runOptions;

  /**
   * @throws ReflectiveOperationException if these objects are made otherwise than in the versions
   *     that this class knows, or are closed to it
   */
  NativeHandles() throws ReflectiveOperationException {
    this.sessions = handle(OrtSession.class);
    this.tensors = handle(OnnxTensorLike.class);
    this.runOptions = handle(OrtSession.RunOptions.class);
  }

  private static VarHandle handle(Class<?> type) throws ReflectiveOperationException {
    return MethodHandles.privateLookupIn(type, MethodHandles.lookup())
        .findVarHandle(type, "nativeHandle", long.class);
  }

  /** The {@code OrtSession*} of a session. */
  MemorySegment of(OrtSession session) {
    return MemorySegment.ofAddress((long) sessions.get(session));
  }

  /** The {@code OrtValue*} of a tensor. */
  MemorySegment of(OnnxTensor tensor) {
    return MemorySegment.ofAddress((long) tensors.get((OnnxTensorLike) tensor));
  }

  /** The {@code OrtRunOptions*} of run options. */
  MemorySegment of(OrtSession.RunOptions options) {
    return MemorySegment.ofAddress((long) runOptions.get(options));
  }
}
