package io.patchkit.onnx.decode;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.patchkit.EngineException;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.CountedPositions;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.SelectedPositions;
import io.patchkit.onnx.graph.SlidingWindowCache;
import io.patchkit.onnx.graph.TensorInfo;
import io.patchkit.onnx.graph.VirtualTokens;
import io.patchkit.onnx.runtime.OnnxRuntime;
import io.patchkit.onnx.runtime.SessionSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * From a model file to a session: augments the graph in memory (virtual tokens, logits only where
 * they are wanted, positions as an input), finds out how it wants to be fed, and loads it with its
 * weights left where they are.
 */
final class DecoderLoader {

  private static final String IDS = "input_ids";
  private static final String MASK = "attention_mask";
  private static final String POSITIONS = "position_ids";
  private static final String LOGITS = "logits";

  private DecoderLoader() {}

  /** A session over the graph, and the scale of its embeddings. */
  record Loaded(DecoderSession session, float embeddingScale) {}

  /**
   * Loads a session.
   *
   * @param knownRuntime how the version of ONNX Runtime has to begin for keys and values to stay on
   *     the device; null for the processor's memory
   */
  static Loaded load(
      ModelFile file, DecoderEngine.Settings settings, @Nullable String knownRuntime) {
    Graph graph = file.graph();
    SlidingWindowCache.grow(graph);
    CountedPositions.expose(graph, POSITIONS);
    DecoderLayoutReader reader = new DecoderLayoutReader(graph, settings.headDim());
    List<KeyValueSlot> slots = reader.slots();
    DecoderLayout.IntegerInput ids = reader.integers(IDS);
    if (ids == null) {
      throw new UnsupportedModelException("the graph has no input " + IDS);
    }
    requireNoOtherInputs(reader, slots);
    CacheType logitsType = reader.logitsType(LOGITS);
    VirtualTokens virtual = VirtualTokens.augment(graph, IDS);
    SelectedPositions.Outcome outcome = SelectedPositions.select(graph, LOGITS);
    boolean selects = outcome == SelectedPositions.Outcome.SELECTED;
    DecoderLayout layout =
        new DecoderLayout(
            ids,
            reader.integers(MASK),
            reader.integers(POSITIONS),
            VirtualTokens.ROWS,
            selects ? SelectedPositions.POSITIONS : null,
            outcome == SelectedPositions.Outcome.LAST_POSITION_ONLY,
            LOGITS,
            slots,
            reader.cacheType(slots),
            logitsType,
            reader.sharesBuffer(slots),
            Math.toIntExact(virtual.hidden()),
            vocabularySize(graph, virtual));
    OrtEnvironment environment = OnnxRuntime.environment();
    BufferPool pool =
        new BufferPool(
            environment,
            layout,
            settings.contextLength(),
            Math.min(settings.prefillChunk(), settings.contextLength()),
            settings.idleBufferBytes());
    try (OrtSession.SessionOptions options = options(file, settings)) {
      OrtSession session = environment.createSession(graph.toBytes(), options);
      try {
        DeviceCache.Source device =
            knownRuntime != null && selects
                ? DeviceAccess.find(session, layout, settings.cudaDevice(), knownRuntime)
                : null;
        return new Loaded(
            new DecoderSession(
                environment, session, layout, pool, device, new EngineMetrics(settings.listener())),
            virtual.scale());
      } catch (OrtException | RuntimeException | Error e) {
        session.close(); // Nobody else knows of it yet.
        throw e;
      }
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime cannot load the decoder: " + e.getMessage(), e);
    }
  }

  private static void requireNoOtherInputs(DecoderLayoutReader reader, List<KeyValueSlot> slots) {
    Set<String> known = new HashSet<>(Set.of(IDS, MASK, POSITIONS));
    for (KeyValueSlot slot : slots) {
      known.add(slot.pastKey());
      known.add(slot.pastValue());
    }
    reader.requireNoOtherInputs(known);
  }

  /** The width of the logits, which padding may make wider than the embedding table. */
  private static int vocabularySize(Graph graph, VirtualTokens virtual) {
    TensorInfo logits = graph.output(LOGITS);
    long declared = logits == null ? -1 : logits.size(-1);
    return Math.toIntExact(declared > 0 ? declared : virtual.vocabulary());
  }

  static OrtSession.SessionOptions options(ModelFile file, DecoderEngine.Settings settings)
      throws OrtException {
    OrtSession.SessionOptions options = SessionSettings.quiet(file.folder());
    options.setIntraOpNumThreads(settings.threads());
    options.setInterOpNumThreads(1);
    options.addConfigEntry("session.intra_op.allow_spinning", settings.spinning() ? "1" : "0");
    options.addConfigEntry("session.disable_prepacking", settings.prepacking() ? "0" : "1");
    options.setCPUArenaAllocator(settings.arena());
    if (settings.cudaDevice().isPresent()) {
      addCuda(options, settings.cudaDevice().getAsInt());
    }
    return options;
  }

  private static void addCuda(OrtSession.SessionOptions options, int device) {
    try {
      options.addCUDA(device);
    } catch (OrtException e) {
      throw new EngineException(
          "ONNX Runtime cannot use CUDA device "
              + device
              + ": "
              + e.getMessage()
              + "; put com.microsoft.onnxruntime:onnxruntime_gpu in place of onnxruntime on the"
              + " class path and check the driver, or open the model on the processor",
          e);
    }
  }
}
