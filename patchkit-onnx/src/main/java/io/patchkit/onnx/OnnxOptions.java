package io.patchkit.onnx;

import io.patchkit.GenerationListener;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a model is opened. Immutable; start from {@link #defaults()}.
 *
 * @param graph the decoder's ONNX file within the model folder, such as {@code onnx/model_q4.onnx};
 *     null for the one that {@code genai_config.json} names, or else {@code model.onnx} or {@code
 *     onnx/model.onnx}
 * @param threads threads that one pass over the graph uses, ≥ 1
 * @param spinning whether idle threads wait busily for the next operator: faster on a machine that
 *     does nothing else, slower beside other work
 * @param prepacking whether weights are copied into the layout that the kernels like best. Without
 *     it they stay mapped from their files, shared with other processes, and a token takes longer:
 *     about twice as long on floats, many times as long on 4-bit weights
 * @param arena whether freed memory of passes is kept for the next ones. Without it the process
 *     shrinks after a long prompt, and passes allocate anew
 * @param cudaDevice index of the GPU that runs the model; empty for the processor. Needs {@code
 *     onnxruntime_gpu} in place of {@code onnxruntime} on the class path. Keys and values of {@code
 *     generate}, {@code chat} and {@code stream} stay on the GPU with Java 22 or newer and {@code
 *     --enable-native-access}; otherwise, and in {@code generateAll} and queues, each token moves
 *     them
 * @param prefixCacheBytes the most memory that encoded prefixes may take together, ≥ 0
 * @param prefillChunk most prompt tokens fed in one pass, ≥ 1; bounds the memory of long prompts.
 *     More than the model's context has counts as its context
 * @param idleBufferBytes the most memory that buffers of finished requests may take together while
 *     they wait for the next ones, ≥ 0. What is not kept waits for the garbage collector, and the
 *     process grows until then, by {@code -XX:MaxDirectMemorySize} at most
 * @param batchRows most requests that {@code generateAll} and a queue decode together, ≥ 1
 * @param specialTokensInMessages whether a chat's contents, roles and variables may hold the
 *     special tokens of which the model's turns are made, as transformers lets them. Without it
 *     such a chat is refused: a user who writes {@code <|im_end|>} ends their own turn, and what
 *     follows may pose as the assistant's
 * @param listener is told how requests end
 * @param clock tells chat templates that ask for it what day it is
 */
public record OnnxOptions(
    @Nullable String graph,
    int threads,
    boolean spinning,
    boolean prepacking,
    boolean arena,
    OptionalInt cudaDevice,
    long prefixCacheBytes,
    int prefillChunk,
    long idleBufferBytes,
    int batchRows,
    boolean specialTokensInMessages,
    GenerationListener listener,
    Clock clock) {

  public OnnxOptions {
    require(graph == null || !graph.isBlank(), "graph", "blank", "the path of a file");
    require(threads >= 1, "threads", threads, "at least 1");
    Objects.requireNonNull(cudaDevice, "cudaDevice");
    require(cudaDevice.orElse(0) >= 0, "cudaDevice", cudaDevice, "0 or more");
    require(prefixCacheBytes >= 0, "prefixCacheBytes", prefixCacheBytes, "at least 0");
    require(prefillChunk >= 1, "prefillChunk", prefillChunk, "at least 1");
    require(idleBufferBytes >= 0, "idleBufferBytes", idleBufferBytes, "at least 0");
    require(batchRows >= 1, "batchRows", batchRows, "at least 1");
    Objects.requireNonNull(listener, "listener");
    Objects.requireNonNull(clock, "clock");
  }

  /**
   * The folder's own choice of a graph; as many threads as the process may use processors, without
   * spinning; prepacked weights and an arena; on the processor; 256 MiB of encoded prefixes;
   * prompts in chunks of 512 tokens; 512 MiB of idle buffers; batches of up to 8; no special tokens
   * in chat messages; no listener; the system's clock.
   */
  public static OnnxOptions defaults() {
    return new OnnxOptions(
        null,
        Runtime.getRuntime().availableProcessors(),
        false,
        true,
        true,
        OptionalInt.empty(),
        256L << 20,
        512,
        512L << 20,
        8,
        false,
        GenerationListener.none(),
        Clock.system(ZoneId.systemDefault()));
  }

  /** The defaults on a GPU. */
  public static OnnxOptions cuda(int device) {
    return defaults().withCudaDevice(OptionalInt.of(device));
  }

  public OnnxOptions withGraph(@Nullable String graph) {
    return edited(draft -> draft.graph = graph);
  }

  public OnnxOptions withThreads(int threads) {
    return edited(draft -> draft.threads = threads);
  }

  public OnnxOptions withSpinning(boolean spinning) {
    return edited(draft -> draft.spinning = spinning);
  }

  public OnnxOptions withPrepacking(boolean prepacking) {
    return edited(draft -> draft.prepacking = prepacking);
  }

  public OnnxOptions withArena(boolean arena) {
    return edited(draft -> draft.arena = arena);
  }

  public OnnxOptions withCudaDevice(OptionalInt cudaDevice) {
    return edited(draft -> draft.cudaDevice = cudaDevice);
  }

  public OnnxOptions withPrefixCacheBytes(long prefixCacheBytes) {
    return edited(draft -> draft.prefixCacheBytes = prefixCacheBytes);
  }

  public OnnxOptions withPrefillChunk(int prefillChunk) {
    return edited(draft -> draft.prefillChunk = prefillChunk);
  }

  public OnnxOptions withIdleBufferBytes(long idleBufferBytes) {
    return edited(draft -> draft.idleBufferBytes = idleBufferBytes);
  }

  public OnnxOptions withBatchRows(int batchRows) {
    return edited(draft -> draft.batchRows = batchRows);
  }

  public OnnxOptions withSpecialTokensInMessages(boolean specialTokensInMessages) {
    return edited(draft -> draft.specialTokensInMessages = specialTokensInMessages);
  }

  public OnnxOptions withListener(GenerationListener listener) {
    return edited(draft -> draft.listener = listener);
  }

  public OnnxOptions withClock(Clock clock) {
    return edited(draft -> draft.clock = clock);
  }

  private static void require(boolean holds, String field, Object found, String allowed) {
    if (!holds) {
      throw new IllegalArgumentException(field + " is " + found + "; allowed: " + allowed);
    }
  }

  /** A copy with one thing changed, checked like any other. */
  private OnnxOptions edited(Consumer<Draft> edit) {
    Draft draft = new Draft(this);
    edit.accept(draft);
    return draft.build();
  }

  /** The fields while one of them changes. */
  private static final class Draft {
    @Nullable String graph;
    int threads;
    boolean spinning;
    boolean prepacking;
    boolean arena;
    OptionalInt cudaDevice;
    long prefixCacheBytes;
    int prefillChunk;
    long idleBufferBytes;
    int batchRows;
    boolean specialTokensInMessages;
    GenerationListener listener;
    Clock clock;

    Draft(OnnxOptions from) {
      graph = from.graph;
      threads = from.threads;
      spinning = from.spinning;
      prepacking = from.prepacking;
      arena = from.arena;
      cudaDevice = from.cudaDevice;
      prefixCacheBytes = from.prefixCacheBytes;
      prefillChunk = from.prefillChunk;
      idleBufferBytes = from.idleBufferBytes;
      batchRows = from.batchRows;
      specialTokensInMessages = from.specialTokensInMessages;
      listener = from.listener;
      clock = from.clock;
    }

    OnnxOptions build() {
      return new OnnxOptions(
          graph,
          threads,
          spinning,
          prepacking,
          arena,
          cudaDevice,
          prefixCacheBytes,
          prefillChunk,
          idleBufferBytes,
          batchRows,
          specialTokensInMessages,
          listener,
          clock);
    }
  }
}
