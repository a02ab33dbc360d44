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
 * @param policy against which the signatures are verified again at each load, null for digests only
 * @param listener who hears of it
 * @param actor who rolls back and marks good, for the audit log
 */
public record LiveOptions(
    Duration pollInterval,
    @Nullable HealthProbe probe,
    @Nullable TrustPolicy policy,
    LiveListener listener,
    String actor) {

  private static final LiveOptions DEFAULTS =
      new LiveOptions(Duration.ofSeconds(1), null, null, new LiveListener() {}, "patchkit-live");

  public LiveOptions {
    if (pollInterval.isNegative()) {
      throw new IllegalArgumentException(
          "pollInterval is " + pollInterval + "; allowed: zero or more");
    }
    Objects.requireNonNull(listener, "listener");
    Change.by(actor);
  }

  /** A look every second, no probe, digests only, nobody listens. */
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
    LiveListener listener;
    String actor;

    Draft(LiveOptions from) {
      pollInterval = from.pollInterval;
      probe = from.probe;
      policy = from.policy;
      listener = from.listener;
      actor = from.actor;
    }

    LiveOptions build() {
      return new LiveOptions(pollInterval, probe, policy, listener, actor);
    }
  }
}
