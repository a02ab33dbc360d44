package io.patchkit;

import java.util.List;

/**
 * What a patch demands of the other patches in its stack, by their names.
 *
 * @param requires patches that must stand before it in the stack
 * @param conflicts patches that may not be in the stack with it
 * @param replaces patches that it takes the place of, so that they may not be in the stack either
 */
public record Composition(List<String> requires, List<String> conflicts, List<String> replaces) {

  private static final Composition FREE = new Composition(List.of(), List.of(), List.of());

  public Composition {
    requires = List.copyOf(requires);
    conflicts = List.copyOf(conflicts);
    replaces = List.copyOf(replaces);
    requires.forEach(name -> PatchManifest.requireName("requires", name));
    conflicts.forEach(name -> PatchManifest.requireName("conflicts", name));
    replaces.forEach(name -> PatchManifest.requireName("replaces", name));
  }

  /** No demands. */
  public static Composition free() {
    return FREE;
  }
}
