package io.patchkit.onnx;

import io.patchkit.GenerationListener;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Objects;

/**
 * How a model is opened. Immutable; start from {@link #defaults()}.
 *
 * @param threads threads that one pass over the graph uses, ≥ 1
 * @param spinning whether idle threads wait busily for the next operator: faster on a machine that
 *     does nothing else, slower beside other work
 * @param prefixCacheBytes the most memory that encoded prefixes may take together, ≥ 0
 * @param prefillChunk most prompt tokens fed in one pass, ≥ 1; bounds the memory of long prompts
 * @param idleBuffers request buffers kept for reuse, ≥ 0
 * @param batchRows most requests that {@code generateAll} and a queue decode together, ≥ 1
 * @param listener is told how requests end
 * @param clock tells chat templates that ask for it what day it is
 */
public record OnnxOptions(
    int threads,
    boolean spinning,
    long prefixCacheBytes,
    int prefillChunk,
    int idleBuffers,
    int batchRows,
    GenerationListener listener,
    Clock clock) {

  public OnnxOptions {
    require(threads >= 1, "threads", threads, "at least 1");
    require(prefixCacheBytes >= 0, "prefixCacheBytes", prefixCacheBytes, "at least 0");
    require(prefillChunk >= 1, "prefillChunk", prefillChunk, "at least 1");
    require(idleBuffers >= 0, "idleBuffers", idleBuffers, "at least 0");
    require(batchRows >= 1, "batchRows", batchRows, "at least 1");
    Objects.requireNonNull(listener, "listener");
    Objects.requireNonNull(clock, "clock");
  }

  /**
   * As many threads as the process may use processors, without spinning; 256 MiB of encoded
   * prefixes; prompts in chunks of 512 tokens; buffers of 8 requests kept; batches of up to 8; no
   * listener; the system's clock.
   */
  public static OnnxOptions defaults() {
    return new OnnxOptions(
        Runtime.getRuntime().availableProcessors(),
        false,
        256L << 20,
        512,
        8,
        8,
        GenerationListener.none(),
        Clock.system(ZoneId.systemDefault()));
  }

  public OnnxOptions withThreads(int threads) {
    return new OnnxOptions(
        threads, spinning, prefixCacheBytes, prefillChunk, idleBuffers, batchRows, listener, clock);
  }

  public OnnxOptions withSpinning(boolean spinning) {
    return new OnnxOptions(
        threads, spinning, prefixCacheBytes, prefillChunk, idleBuffers, batchRows, listener, clock);
  }

  public OnnxOptions withPrefixCacheBytes(long prefixCacheBytes) {
    return new OnnxOptions(
        threads, spinning, prefixCacheBytes, prefillChunk, idleBuffers, batchRows, listener, clock);
  }

  public OnnxOptions withPrefillChunk(int prefillChunk) {
    return new OnnxOptions(
        threads, spinning, prefixCacheBytes, prefillChunk, idleBuffers, batchRows, listener, clock);
  }

  public OnnxOptions withIdleBuffers(int idleBuffers) {
    return new OnnxOptions(
        threads, spinning, prefixCacheBytes, prefillChunk, idleBuffers, batchRows, listener, clock);
  }

  public OnnxOptions withBatchRows(int batchRows) {
    return new OnnxOptions(
        threads, spinning, prefixCacheBytes, prefillChunk, idleBuffers, batchRows, listener, clock);
  }

  public OnnxOptions withListener(GenerationListener listener) {
    return new OnnxOptions(
        threads, spinning, prefixCacheBytes, prefillChunk, idleBuffers, batchRows, listener, clock);
  }

  public OnnxOptions withClock(Clock clock) {
    return new OnnxOptions(
        threads, spinning, prefixCacheBytes, prefillChunk, idleBuffers, batchRows, listener, clock);
  }

  private static void require(boolean holds, String field, Object found, String allowed) {
    if (!holds) {
      throw new IllegalArgumentException(field + " is " + found + "; allowed: " + allowed);
    }
  }
}
