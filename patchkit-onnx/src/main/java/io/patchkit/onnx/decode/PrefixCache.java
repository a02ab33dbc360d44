package io.patchkit.onnx.decode;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.stats.CacheStats;
import io.patchkit.PatchStack;
import io.patchkit.Prefix;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Remembers encoded prefixes by content: equal stacks of equal numbers share one encoding, whatever
 * their names and versions, and a patch reloaded with other numbers never meets an old one. Bounded
 * by bytes; the least useful goes first and is encoded again when it is needed. Thread-safe.
 */
final class PrefixCache {

  private final Cache<List<String>, EncodedPrefix> encoded;
  private final EncodedPrefix none;

  /**
   * @param maxBytes the most memory that encoded prefixes may take together
   */
  PrefixCache(long maxBytes, EncodedPrefix none) {
    this.none = none;
    this.encoded =
        Caffeine.newBuilder()
            .maximumWeight(maxBytes)
            .<List<String>, EncodedPrefix>weigher(
                (key, prefix) -> (int) Math.min(prefix.bytes(), Integer.MAX_VALUE))
            .executor(Runnable::run)
            .recordStats()
            .build();
  }

  /**
   * The encoding of a stack. A longer stack continues from the encoding of the shorter one, and
   * concurrent requests for one stack encode it once.
   *
   * @param extend encodes one more prefix behind what is encoded already
   */
  EncodedPrefix get(PatchStack stack, BiFunction<EncodedPrefix, Prefix, EncodedPrefix> extend) {
    List<String> digests = stack.prefixDigests();
    EncodedPrefix reached = encoded.getIfPresent(digests);
    if (reached != null) {
      return reached;
    }
    reached = none;
    for (int i = 0; i < digests.size(); i++) {
      EncodedPrefix before = reached;
      Prefix next = stack.patches().get(i).prefix();
      reached = encoded.get(digests.subList(0, i + 1), key -> extend.apply(before, next));
    }
    return reached;
  }

  CacheStats stats() {
    return encoded.stats();
  }

  /** Encoded stacks that are held. */
  long size() {
    return encoded.estimatedSize();
  }

  /** Native memory that they take. */
  long bytes() {
    return encoded.policy().eviction().orElseThrow().weightedSize().orElseThrow();
  }
}
