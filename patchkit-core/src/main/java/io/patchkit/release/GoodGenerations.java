package io.patchkit.release;

import io.patchkit.release.StackGeneration.Origin;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a store goes back to where nobody names a generation. Takes no lock.
 *
 * <p>A stack that a person or a probe left by a rollback is passed over, in whatever generation it
 * stands, until somebody chooses it again: what a generation was before it was left says nothing.
 */
final class GoodGenerations {

  private static final System.Logger LOG = System.getLogger(GoodGenerations.class.getName());

  private final StoreReader reader;

  GoodGenerations(StoreReader reader) {
    this.reader = reader;
  }

  /** Who says whether a patch may not run. */
  interface Revoked {
    boolean isRevoked(Digest patch) throws IOException;
  }

  /**
   * What takes the place of a stack with a revoked patch.
   *
   * @param onTrial whether it still has to show that it works
   */
  record Replacement(List<StackEntry> stack, boolean onTrial) {}

  /**
   * The newest good generation before a number whose patches are whole, not revoked and not
   * unwanted, and whose stack was not left by a rollback.
   *
   * @param unwanted names of patches
   */
  StackGeneration before(long number, Revoked revoked, Set<String> unwanted) throws IOException {
    List<StackGeneration> good = new ArrayList<>();
    Map<Digest, Digest> left = new HashMap<>();
    for (long each : reader.generations.numbers()) {
      try {
        StackGeneration generation = reader.generations.read(each);
        boolean isGood = !generation.isCanary() && reader.generations.isGood(generation);
        if (isGood && each < number) {
          good.add(generation);
        }
        if (generation.origin() == Origin.ROLLED_BACK) {
          noteLeft(generation, left);
        } else if (isGood && isChoice(generation.origin())) {
          left.remove(generation.stackDigest());
        }
      } catch (IOException | StoreException damaged) {
        passOver(each, damaged);
      }
    }
    for (int i = good.size() - 1; i >= 0; i--) {
      StackGeneration generation = good.get(i);
      if (!left.containsKey(generation.stackDigest())
          && generation.stack().stream().noneMatch(entry -> unwanted.contains(entry.name()))
          && !holds(generation.stack(), revoked)
          && isWhole(generation)) {
        return generation;
      }
    }
    return StackGeneration.zero();
  }

  private static boolean isChoice(Origin origin) {
    return switch (origin) {
      case ACTIVATED, DEACTIVATED, PROMOTED -> true;
      case CREATED, ROLLED_BACK, REVOKED, RECOVERED -> false;
    };
  }

  /**
   * Notes what a rollback left: nothing if it went to the stack that was current, or took the
   * rollback back that had left its target.
   *
   * @param left the stacks that were left, each with the one that was gone back to
   */
  private void noteLeft(StackGeneration rollback, Map<Digest, Digest> left) {
    Digest to = rollback.stackDigest();
    Digest wasLeftFor = left.remove(to);
    try {
      Digest from = reader.generations.read(rollback.parent()).stackDigest();
      if (!from.equals(to) && !from.equals(wasLeftFor)) {
        left.put(from, to);
      }
    } catch (IOException | StoreException gone) {
      passOver(rollback.parent(), gone);
    }
  }

  private static void passOver(long number, Exception reason) {
    LOG.log(System.Logger.Level.WARNING, "passing over generation " + number, reason);
  }

  private static boolean holds(List<StackEntry> stack, Revoked revoked) throws IOException {
    for (StackEntry entry : stack) {
      if (revoked.isRevoked(entry.digest())) {
        return true;
      }
    }
    return false;
  }

  private boolean isWhole(StackGeneration generation) {
    try {
      for (StackEntry entry : generation.stack()) {
        reader.blobs.read(reader.describe(entry));
      }
      return true;
    } catch (IOException | StoreException damaged) {
      passOver(generation.number(), damaged);
      return false;
    }
  }

  /**
   * What all requests get in the place of a generation that has a revoked patch, or whose baseline
   * has: the good generation before it if that loses no other patch, else the stack without what is
   * revoked, else, where the rest may not stand alone or is damaged, the good generation after all.
   *
   * @param all what all requests have now: the generation itself, or a canary's baseline
   */
  Replacement without(Revoked revoked, StackGeneration current, StackGeneration all)
      throws IOException {
    List<StackEntry> rest = new ArrayList<>();
    for (StackEntry entry : all.stack()) {
      if (!revoked.isRevoked(entry.digest())) {
        rest.add(entry);
      }
    }
    StackGeneration good = before(current.number(), revoked, deactivated(current));
    return good.stack().containsAll(rest) || !mayStand(rest)
        ? new Replacement(good.stack(), false)
        : new Replacement(rest, !reader.generations.isGood(all));
  }

  private boolean mayStand(List<StackEntry> rest) {
    try {
      List<InstalledPatch> patches = reader.describe(rest);
      StackRules.require(patches);
      for (InstalledPatch patch : patches) {
        reader.blobs.read(patch);
      }
      return true;
    } catch (IOException | StoreException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the patches beside a revoked one are not kept: " + e.getMessage());
      return false;
    }
  }

  /**
   * Names of the patches that somebody took out on the way to a generation, as far as its ancestors
   * are kept, and nobody put in again.
   */
  Set<String> deactivated(StackGeneration current) {
    Set<String> out = new HashSet<>();
    Set<String> since = new HashSet<>();
    StackGeneration generation = current;
    while (generation.parent() < generation.number()) {
      generation.stack().forEach(entry -> since.add(entry.name()));
      StackGeneration parent;
      try {
        parent = reader.generations.read(generation.parent());
      } catch (IOException | StoreException gone) {
        passOver(generation.parent(), gone);
        break;
      }
      if (generation.origin() == Origin.DEACTIVATED) {
        for (StackEntry entry : parent.stack()) {
          if (!since.contains(entry.name())) {
            out.add(entry.name());
          }
        }
      }
      generation = parent;
    }
    return out;
  }
}
