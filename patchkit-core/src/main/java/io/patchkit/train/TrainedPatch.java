package io.patchkit.train;

import io.patchkit.BaseModel;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.Prefix;
import io.patchkit.SemanticVersion;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;

/**
 * What a training yields.
 *
 * @param prefix the chosen state: the best by the plan's criterion, or the last where it has none
 * @param base the model it was trained on
 * @param steps number of updates that were made
 * @param selectedStep number of updates that the chosen state has had
 * @param stopReason why the training ended
 * @param provenance how it came to be: plan, digests of data and curves, seed, versions
 */
public record TrainedPatch(
    Prefix prefix,
    BaseModel base,
    int steps,
    int selectedStep,
    StopReason stopReason,
    Map<String, String> provenance) {

  /** Why a training ended. */
  public enum StopReason {
    /** All steps of the plan were made. */
    STEPS_DONE,
    /** The criterion had not improved for as long as the plan has patience. */
    NO_IMPROVEMENT
  }

  public TrainedPatch {
    Objects.requireNonNull(prefix, "prefix");
    Objects.requireNonNull(base, "base");
    Objects.requireNonNull(stopReason, "stopReason");
    provenance = Map.copyOf(provenance);
  }

  /** The patch, to be saved and released; its slot is its name. */
  public Patch toPatch(String name, SemanticVersion version, Instant created) {
    return Patch.of(
        PatchManifest.of(name, version, base, created).withProvenance(provenance), prefix);
  }
}
