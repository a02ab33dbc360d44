package io.patchkit.onnx.decode;

import com.github.benmanes.caffeine.cache.stats.CacheStats;
import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationListener;
import io.patchkit.ModelMetrics;
import io.patchkit.PatchStack;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts what an engine does, and tells its listener how requests end. Thread-safe. */
final class EngineMetrics {

  private static final System.Logger LOG = System.getLogger(EngineMetrics.class.getName());

  private final GenerationListener listener;
  private final Map<FinishReason, LongAdder> finished = new EnumMap<>(FinishReason.class);
  private final LongAdder failed = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder prefilledTokens = new LongAdder();
  private final LongAdder decodedTokens = new LongAdder();
  private final LongAdder decodePasses = new LongAdder();
  private final LongAdder prefillNanos = new LongAdder();
  private final LongAdder decodeNanos = new LongAdder();

  EngineMetrics(GenerationListener listener) {
    this.listener = listener;
    for (FinishReason reason : FinishReason.values()) {
      finished.put(reason, new LongAdder());
    }
  }

  void prefilled(int tokens, long nanos) {
    prefilledTokens.add(tokens);
    prefillNanos.add(nanos);
  }

  /** A pass that fed one token to each of so many rows. */
  void decoded(int rows, long nanos) {
    decodedTokens.add(rows);
    decodePasses.increment();
    decodeNanos.add(nanos);
  }

  /** Counts how a request ends, tells the listener, and passes it on. */
  Ending ending(PatchStack patches, Ending next) {
    return new Ending() {
      @Override
      public void finished(Generation generation) {
        LongAdder count = finished.get(generation.finishReason());
        if (count != null) {
          count.increment();
        }
        try {
          tell(() -> listener.finished(patches, generation));
        } finally {
          next.finished(generation);
        }
      }

      @Override
      public void failed(RuntimeException failure) {
        failed.increment();
        try {
          tell(() -> listener.failed(patches, failure));
        } finally {
          next.failed(failure);
        }
      }
    };
  }

  void rejected() {
    rejected.increment();
  }

  private static void tell(Runnable event) {
    try {
      event.run();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "the generation listener failed", e);
    }
  }

  ModelMetrics snapshot(PrefixCache prefixes) {
    Map<FinishReason, Long> counts = new EnumMap<>(FinishReason.class);
    finished.forEach((reason, count) -> counts.put(reason, count.sum()));
    CacheStats cache = prefixes.stats();
    return new ModelMetrics(
        counts,
        failed.sum(),
        rejected.sum(),
        prefilledTokens.sum(),
        decodedTokens.sum(),
        decodePasses.sum(),
        Duration.ofNanos(prefillNanos.sum()),
        Duration.ofNanos(decodeNanos.sum()),
        cache.hitCount(),
        cache.loadCount(),
        prefixes.size(),
        prefixes.bytes());
  }
}
