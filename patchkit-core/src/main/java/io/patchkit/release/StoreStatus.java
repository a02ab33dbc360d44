package io.patchkit.release;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A store at one moment.
 *
 * @param current the current generation
 * @param good whether the current generation was found to work
 * @param installed the installed patches whose {@code patch.json} can be read, sorted by identity
 * @param damaged the other ones, and what is wrong; installing such a patch again mends it
 * @param generations numbers of the generations that can be rolled back to, ascending
 * @param pins the pinned generations
 * @param revoked the revoked patches, with reasons
 */
public record StoreStatus(
    StackGeneration current,
    boolean good,
    List<InstalledPatch> installed,
    Map<Digest, String> damaged,
    List<Long> generations,
    Set<Long> pins,
    Map<Digest, String> revoked) {

  public StoreStatus {
    installed = List.copyOf(installed);
    damaged = Map.copyOf(damaged);
    generations = List.copyOf(generations);
    pins = Set.copyOf(pins);
    revoked = Map.copyOf(revoked);
  }
}
