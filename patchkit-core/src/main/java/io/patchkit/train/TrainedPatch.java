package io.patchkit.train;

import io.patchkit.BaseModel;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.Prefix;
import io.patchkit.SemanticVersion;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

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

  /** Evaluations look for provenance keys that end so, this training's or an earlier stage's. */
  private static final String FILTER_JUDGE = "filter.judge";

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

  /**
   * The same with the names of the judges that chose or filtered the training data, as {@code
   * filter.judge} of the provenance, behind those that are there: an evaluation refuses to report
   * by them.
   *
   * @param names without commas, alone or with the version behind ({@code JudgeId.toString}); all
   *     that have a part in a composite judge ({@code Judge.names})
   */
  public TrainedPatch withFilterJudges(String... names) {
    for (String name : names) {
      if (name.isBlank() || name.contains(",")) {
        throw new IllegalArgumentException(
            "names holds '" + name + "'; allowed: names of judges, without commas");
      }
    }
    Map<String, String> facts = new HashMap<>(provenance);
    Set<String> all = new LinkedHashSet<>();
    String before = facts.get(FILTER_JUDGE);
    if (before != null) {
      all.addAll(List.of(before.split(",", -1)));
    }
    all.addAll(List.of(names));
    facts.put(FILTER_JUDGE, String.join(",", all));
    return new TrainedPatch(prefix, base, steps, selectedStep, stopReason, facts);
  }

  /** The patch, to be saved and released; its slot is its name. */
  public Patch toPatch(String name, SemanticVersion version, Instant created) {
    return Patch.of(
        PatchManifest.of(name, version, base, created).withProvenance(provenance), prefix);
  }
}
