package io.patchkit;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * What a model has done since it was opened, over all its views. Immutable; the numbers are read
 * one after the other while requests go on, so they may be apart by the requests of that moment.
 *
 * @param finished generations that ended, by reason; every reason is there
 * @param failed generations that ended in an exception
 * @param rejected requests that a full queue turned away
 * @param prefilledTokens tokens fed to read prompts, virtual ones included
 * @param decodedTokens tokens fed one by one to get the next
 * @param decodePasses passes that fed them; {@code decodedTokens / decodePasses} is the mean batch
 * @param prefillTime spent in passes over prompts, summed over threads
 * @param decodeTime spent in passes over single tokens, summed over threads
 * @param prefixHits times that an encoded stack was found in the cache
 * @param prefixMisses times that a stack had to be encoded
 * @param prefixes encoded stacks in the cache
 * @param prefixBytes native memory that they take
 */
public record ModelMetrics(
    Map<FinishReason, Long> finished,
    long failed,
    long rejected,
    long prefilledTokens,
    long decodedTokens,
    long decodePasses,
    Duration prefillTime,
    Duration decodeTime,
    long prefixHits,
    long prefixMisses,
    long prefixes,
    long prefixBytes) {

  public ModelMetrics {
    Map<FinishReason, Long> all = new EnumMap<>(FinishReason.class);
    for (FinishReason reason : FinishReason.values()) {
      all.put(reason, finished.getOrDefault(reason, 0L));
    }
    finished = Map.copyOf(all);
    Objects.requireNonNull(prefillTime, "prefillTime");
    Objects.requireNonNull(decodeTime, "decodeTime");
  }
}
