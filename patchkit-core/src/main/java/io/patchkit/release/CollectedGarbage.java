package io.patchkit.release;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a garbage collection took away, and what it could not read. What is damaged keeps everything
 * that it may need. Immutable.
 *
 * @param removed the patches that were taken away, sorted by identity
 * @param damaged the patches that stay and whose {@code patch.json} cannot be read, and what is
 *     wrong: which files they have is not known, so no file of any patch was deleted. Installing
 *     such a patch again mends it
 * @param damagedGenerations the generations that stay and whose record cannot be read, and what is
 *     wrong: which patches they have is not known, so none was taken away. Such a record goes when
 *     it is too old to be kept
 */
public record CollectedGarbage(
    List<Digest> removed, Map<Digest, String> damaged, Map<Long, String> damagedGenerations) {

  public CollectedGarbage {
    removed = List.copyOf(removed);
    damaged = Collections.unmodifiableMap(new TreeMap<>(damaged));
    damagedGenerations = Collections.unmodifiableMap(new TreeMap<>(damagedGenerations));
  }
}
