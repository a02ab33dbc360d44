package io.patchkit.release;

import io.patchkit.release.StoreException.Reason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How patches may stand together, and what becomes of a stack when a patch comes or goes. */
final class StackRules {

  private StackRules() {}

  /**
   * The stack with a patch activated: in the place of the patch whose slot or name it has, else at
   * the end; without the patches that it replaces. The result is not yet checked.
   */
  static List<InstalledPatch> with(List<InstalledPatch> stack, InstalledPatch patch) {
    List<InstalledPatch> result = new ArrayList<>();
    boolean placed = false;
    for (InstalledPatch other : stack) {
      boolean givesWay = other.slot().equals(patch.slot()) || other.name().equals(patch.name());
      if (givesWay && !placed) {
        result.add(patch);
        placed = true;
      } else if (!givesWay && !patch.composition().replaces().contains(other.name())) {
        result.add(other);
      }
    }
    if (!placed) {
      result.add(patch);
    }
    return result;
  }

  /**
   * Checks a stack.
   *
   * @throws StoreException with the first rule that it breaks
   */
  static void require(List<InstalledPatch> stack) {
    Map<String, InstalledPatch> slots = new HashMap<>();
    Map<String, InstalledPatch> names = new HashMap<>();
    for (InstalledPatch patch : stack) {
      InstalledPatch sameName = names.put(patch.name(), patch);
      if (sameName != null) {
        throw refused(
            Reason.NAME_TAKEN, patch, "has the name of " + sameName.id(), "leave one of them out");
      }
      InstalledPatch sameSlot = slots.put(patch.slot(), patch);
      if (sameSlot != null) {
        throw refused(
            Reason.SLOT_TAKEN,
            patch,
            "takes slot '" + patch.slot() + "', which " + sameSlot.id() + " has",
            "leave one of them out");
      }
    }
    Set<String> before = new HashSet<>();
    for (InstalledPatch patch : stack) {
      for (String required : patch.composition().requires()) {
        if (!before.contains(required)) {
          throw unmet(patch, required, names);
        }
      }
      requireAbsent(
          Reason.CONFLICT, patch, "conflicts with", patch.composition().conflicts(), names);
      requireAbsent(Reason.REPLACED, patch, "replaces", patch.composition().replaces(), names);
      before.add(patch.name());
    }
  }

  private static StoreException unmet(
      InstalledPatch patch, String required, Map<String, InstalledPatch> names) {
    InstalledPatch behind = names.get(required);
    if (behind == null) {
      return refused(
          Reason.REQUIREMENT_MISSING,
          patch,
          "requires '" + required + "', which is not in the stack",
          "activate " + required + " first, or take " + patch.name() + " out first");
    }
    if (reaches(behind, patch.name(), names, new HashSet<>())) {
      return refused(
          Reason.REQUIREMENT_CYCLE,
          patch,
          "and " + behind.id() + " require each other, so that neither can stand first",
          "use releases that do not");
    }
    return refused(
        Reason.REQUIREMENT_BEHIND,
        patch,
        "requires '" + required + "' before it, found it behind",
        "activate the whole stack in the right order");
  }

  private static boolean reaches(
      InstalledPatch from, String name, Map<String, InstalledPatch> names, Set<String> seen) {
    if (from.name().equals(name)) {
      return true;
    }
    for (String required : from.composition().requires()) {
      InstalledPatch next = names.get(required);
      if (next != null && seen.add(required) && reaches(next, name, names, seen)) {
        return true;
      }
    }
    return false;
  }

  private static void requireAbsent(
      Reason reason,
      InstalledPatch patch,
      String relation,
      List<String> others,
      Map<String, InstalledPatch> names) {
    for (String name : others) {
      InstalledPatch other = names.get(name);
      if (other != null) {
        throw refused(
            reason, patch, relation + " " + other.id(), "they may not be active together");
      }
    }
  }

  private static StoreException refused(
      Reason reason, InstalledPatch patch, String problem, String remedy) {
    return new StoreException(reason, patch.id() + " " + problem + "; " + remedy);
  }
}
