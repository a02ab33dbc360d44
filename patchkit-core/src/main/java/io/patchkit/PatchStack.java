package io.patchkit;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * An ordered list of patches that act together: their prefixes follow one another, the first
 * patch's at position 0. Immutable.
 *
 * <p>A soft prompt is encoded after what stands before it, so order matters. A key/value prefix is
 * appended as it is stored: its keys keep the positions they were trained at, as PEFT keeps them.
 */
public final class PatchStack {

  private static final PatchStack EMPTY = new PatchStack(List.of());

  private final List<Patch> patches;

  private PatchStack(List<Patch> patches) {
    this.patches = patches;
  }

  /** No patches: the base model as it is. */
  public static PatchStack empty() {
    return EMPTY;
  }

  /**
   * These patches in this order.
   *
   * @throws IllegalArgumentException if two patches take one slot, or a patch's {@link Composition}
   *     is not satisfied
   */
  public static PatchStack of(Patch... patches) {
    return of(List.of(patches));
  }

  /** Like {@link #of(Patch...)}. */
  public static PatchStack of(List<Patch> patches) {
    List<Patch> copy = List.copyOf(patches);
    requireComposable(copy);
    return copy.isEmpty() ? EMPTY : new PatchStack(copy);
  }

  /** This stack with one more patch at its end. */
  public PatchStack plus(Patch patch) {
    List<Patch> longer = new ArrayList<>(patches);
    longer.add(patch);
    return of(longer);
  }

  /** The patches in order. */
  public List<Patch> patches() {
    return patches;
  }

  public boolean isEmpty() {
    return patches.isEmpty();
  }

  /** Virtual tokens of all patches together. */
  public int prefixLength() {
    int length = 0;
    for (Patch patch : patches) {
      length += patch.prefix().length();
    }
    return length;
  }

  /** The digests of the prefixes in order: what decides the state that the stack is encoded to. */
  public List<String> prefixDigests() {
    List<String> digests = new ArrayList<>();
    for (Patch patch : patches) {
      digests.add(patch.prefix().digest());
    }
    return List.copyOf(digests);
  }

  /**
   * Checks that every patch of the stack was made for this model.
   *
   * @throws IncompatiblePatchException naming the patch, what does not fit, what was expected and
   *     what was found
   */
  public void requireFits(LanguageModel model) {
    for (Patch patch : patches) {
      PatchFit.requireFits(patch, model);
    }
    if (prefixLength() >= model.shape().contextLength()) {
      throw new IncompatiblePatchException(
          IncompatiblePatchException.Mismatch.CONTEXT,
          this
              + " has "
              + prefixLength()
              + " virtual tokens but the context of "
              + model.name()
              + " is "
              + model.shape().contextLength()
              + " positions; use fewer or shorter patches");
    }
  }

  private static void requireComposable(List<Patch> patches) {
    Set<String> names = new HashSet<>();
    patches.forEach(patch -> names.add(patch.manifest().name()));
    Set<String> slots = new HashSet<>();
    Set<String> before = new HashSet<>();
    for (Patch patch : patches) {
      PatchManifest manifest = patch.manifest();
      if (!slots.add(manifest.slot())) {
        throw new IllegalArgumentException(
            patch.id()
                + " takes slot '"
                + manifest.slot()
                + "', which an earlier patch of the stack has; allowed: one patch a slot");
      }
      for (String required : manifest.composition().requires()) {
        if (!before.contains(required)) {
          throw new IllegalArgumentException(
              patch.id() + " requires '" + required + "' before it in the stack; found " + before);
        }
      }
      requireAbsent(patch, "conflicts with", manifest.composition().conflicts(), names);
      requireAbsent(patch, "replaces", manifest.composition().replaces(), names);
      before.add(manifest.name());
    }
  }

  private static void requireAbsent(
      Patch patch, String relation, List<String> others, Set<String> names) {
    for (String other : others) {
      if (names.contains(other)) {
        throw new IllegalArgumentException(
            patch.id() + " " + relation + " '" + other + "'; they may not be in one stack");
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PatchStack that && patches.equals(that.patches);
  }

  @Override
  public int hashCode() {
    return patches.hashCode();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("PatchStack[");
    for (int i = 0; i < patches.size(); i++) {
      text.append(i == 0 ? "" : ", ").append(patches.get(i).id());
    }
    return text.append(']').toString();
  }
}
