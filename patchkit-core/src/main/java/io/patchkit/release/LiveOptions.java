package io.patchkit.release;

import io.patchkit.trust.TrustPolicy;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a store is followed.
 *
 * @param pollInterval between two looks at the store; zero: only {@link LivePatches#refresh} looks
 * @param probe what a generation on trial has to pass; a generation that does not is rolled back.
 *     Null: nothing is tried and nothing rolled back
 * @param policy against which the stored signatures are verified when a patch is read, and again
 *     when a key that signed it has expired since; null for digests only
 * @param patchMemoryBytes bound of the memory for verified patches that no new request gets but
 *     that were in use or prepared before; a patch counts twice the bytes of its files
 * @param listener who hears of it
 * @param actor who rolls back and marks good, for the audit log
 */
public record LiveOptions(
    Duration pollInterval,
    @Nullable HealthProbe probe,
    @Nullable TrustPolicy policy,
    long patchMemoryBytes,
    LiveListener listener,
    String actor) {

  private static final LiveOptions DEFAULTS =
      new LiveOptions(
          Duration.ofSeconds(1), null, null, 64L << 20, new LiveListener() {}, "patchkit-live");

  public LiveOptions {
    if (pollInterval.isNegative()) {
      throw new IllegalArgumentException(
          "pollInterval is " + pollInterval + "; allowed: zero or more");
    }
    if (patchMemoryBytes < 0) {
      throw new IllegalArgumentException(
          "patchMemoryBytes is " + patchMemoryBytes + "; allowed: zero or more");
    }
    Objects.requireNonNull(listener, "listener");
    Change.by(actor);
  }

  /** A look every second, no probe, digests only, 64 MiB for patches, nobody listens. */
  public static LiveOptions defaults() {
    return DEFAULTS;
  }

  public LiveOptions withPollInterval(Duration pollInterval) {
    return edited(draft -> draft.pollInterval = pollInterval);
  }

  public LiveOptions withProbe(HealthProbe probe) {
    return edited(draft -> draft.probe = probe);
  }

  public LiveOptions withPolicy(TrustPolicy policy) {
    return edited(draft -> draft.policy = policy);
  }

  public LiveOptions withPatchMemoryBytes(long patchMemoryBytes) {
    return edited(draft -> draft.patchMemoryBytes = patchMemoryBytes);
  }

  public LiveOptions withListener(LiveListener listener) {
    return edited(draft -> draft.listener = listener);
  }

  public LiveOptions withActor(String actor) {
    return edited(draft -> draft.actor = actor);
  }

  private LiveOptions edited(Consumer<Draft> edit) {
    Draft draft = new Draft(this);
    edit.accept(draft);
    return draft.build();
  }

  /** The fields while one of them changes. */
  private static final class Draft {
    Duration pollInterval;
    @Nullable HealthProbe probe;
    @Nullable TrustPolicy policy;
    long patchMemoryBytes;
    LiveListener listener;
    String actor;

    Draft(LiveOptions from) {
      pollInterval = from.pollInterval;
      probe = from.probe;
      policy = from.policy;
      patchMemoryBytes = from.patchMemoryBytes;
      listener = from.listener;
      actor = from.actor;
    }

    LiveOptions build() {
      return new LiveOptions(pollInterval, probe, policy, patchMemoryBytes, listener, actor);
    }
  }
}
