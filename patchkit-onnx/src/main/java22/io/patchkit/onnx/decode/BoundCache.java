package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A cache that the runtime allocates: each present is bound to the device's memory and comes back
 * as a value of the runtime's, which is bound as past in the next pass.
 */
final class BoundCache implements DeviceCache {

  private final Source source;
  private final MemorySegment binding;
  private final List<MemorySegment> past = new ArrayList<>();
  private boolean closed;

  private BoundCache(Source source) throws OrtException {
    this.source = source;
    this.binding = source.api.createIoBinding(source.session);
  }

  @Override
  public void run(
      Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> pinned, OrtSession.RunOptions options)
      throws OrtException {
    RuntimeApi api = source.api;
    try {
      for (Map.Entry<String, OnnxTensor> input : inputs.entrySet()) {
        api.bindInput(binding, source.name(input.getKey()), source.handles.of(input.getValue()));
      }
      for (int plane = 0; plane < past.size(); plane++) {
        KeyValueSlot slot = source.layout.slots().get(plane / 2);
        api.bindInput(binding, source.name(slot.past(plane % 2 == 0)), past.get(plane));
      }
      int planes = 2 * source.layout.slots().size();
      for (int plane = 0; plane < planes; plane++) {
        KeyValueSlot slot = source.layout.slots().get(plane / 2);
        api.bindOutputToDevice(binding, source.name(slot.present(plane % 2 == 0)), source.memory);
      }
      for (Map.Entry<String, OnnxTensor> output : pinned.entrySet()) {
        api.bindOutput(binding, source.name(output.getKey()), source.handles.of(output.getValue()));
      }
      api.run(source.session, source.handles.of(options), binding);
      MemorySegment[] outputs = api.boundOutputs(binding);
      releasePast();
      for (int i = 0; i < outputs.length; i++) {
        if (i < planes) {
          past.add(outputs[i]);
        } else {
          api.releaseValue(outputs[i]);
        }
      }
    } finally {
      api.clear(binding);
    }
  }

  private void releasePast() {
    past.forEach(source.api::releaseValue);

    past.clear();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      releasePast();
      source.api.releaseIoBinding(binding);
    }
  }

  /** What the caches of one session share; it lives as long as it is reachable. */
  static final class Source implements DeviceCache.Source {

    private final RuntimeApi api;
    private final NativeHandles handles;
    private final DecoderLayout layout;
    private final MemorySegment session;
    private final MemorySegment memory;
    private final Arena arena = Arena.ofAuto();
    private final Map<String, MemorySegment> names = new ConcurrentHashMap<>();

    Source(
        RuntimeApi api,
        NativeHandles handles,
        OrtSession session,
        DecoderLayout layout,
        OptionalInt cudaDevice)
        throws OrtException {
      this.api = api;
      this.handles = handles;
      this.layout = layout;
      this.session = handles.of(session);
      this.memory =
          api.memoryInfo(arena, cudaDevice.isPresent() ? "Cuda" : "Cpu", cudaDevice.orElse(0));
    }

    @Override
    public DeviceCache open() throws OrtException {
      return new BoundCache(this);
    }

    /** A name as the C interface wants it. */
    private MemorySegment name(String name) {
      return names.computeIfAbsent(name, arena::allocateFrom);
    }
  }
}
