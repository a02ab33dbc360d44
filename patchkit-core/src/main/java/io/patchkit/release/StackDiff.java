package io.patchkit.release;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one generation's stack has that another's has not.
 *
 * @param added patches whose slot was empty before
 * @param removed patches whose slot is empty now
 * @param replaced patches whose slot holds another patch now
 * @param reordered whether the slots that both have stand in another order
 */
public record StackDiff(
    List<StackEntry> added,
    List<StackEntry> removed,
    List<Replacement> replaced,
    boolean reordered) {

  /**
   * Another patch in a slot.
   *
   * @param before the patch that was there
   * @param after the patch that is there
   */
  public record Replacement(StackEntry before, StackEntry after) {}

  public StackDiff {
    added = List.copyOf(added);
    removed = List.copyOf(removed);
    replaced = List.copyOf(replaced);
  }

  static StackDiff between(List<StackEntry> before, List<StackEntry> after) {
    List<StackEntry> added = new ArrayList<>();
    List<Replacement> replaced = new ArrayList<>();
    List<String> keptAfter = new ArrayList<>();
    for (StackEntry entry : after) {
      StackEntry old = bySlot(before, entry.slot());
      if (old == null) {
        added.add(entry);
      } else {
        keptAfter.add(entry.slot());
        if (!old.equals(entry)) {
          replaced.add(new Replacement(old, entry));
        }
      }
    }
    List<StackEntry> removed = new ArrayList<>();
    List<String> keptBefore = new ArrayList<>();
    for (StackEntry entry : before) {
      if (bySlot(after, entry.slot()) == null) {
        removed.add(entry);
      } else {
        keptBefore.add(entry.slot());
      }
    }
    return new StackDiff(added, removed, replaced, !keptBefore.equals(keptAfter));
  }

  private static @Nullable StackEntry bySlot(List<StackEntry> stack, String slot) {
    for (StackEntry entry : stack) {
      if (entry.slot().equals(slot)) {
        return entry;
      }
    }
    return null;
  }

  /** Whether both stacks are the same. */
  public boolean isEmpty() {
    return added.isEmpty() && removed.isEmpty() && replaced.isEmpty() && !reordered;
  }
}
