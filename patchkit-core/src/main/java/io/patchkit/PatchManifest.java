package io.patchkit;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What a patch says of itself: everything in {@code patch.json} but the digests of the files beside
 * it. Immutable.
 *
 * @param name {@code [a-z0-9]+([._-][a-z0-9]+)*}, at most 64 characters
 * @param version semantic version
 * @param slot the place in a stack that the patch takes; one patch a slot; a name like {@code name}
 * @param base the model it was made for
 * @param composition what it demands of the other patches in a stack
 * @param description for people; may be empty
 * @param licence an SPDX expression; may be empty
 * @param created when, to the second
 * @param provenance how it came to be, as free facts
 */
public record PatchManifest(
    String name,
    SemanticVersion version,
    String slot,
    BaseModel base,
    Composition composition,
    String description,
    String licence,
    Instant created,
    Map<String, String> provenance) {

  private static final int MAX_NAME = 64;
  private static final Pattern NAME = Pattern.compile("[a-z0-9]+([._-][a-z0-9]+)*");

  public PatchManifest {
    requireName("name", name);
    Objects.requireNonNull(version, "version");
    requireName("slot", slot);
    Objects.requireNonNull(base, "base");
    Objects.requireNonNull(composition, "composition");
    Objects.requireNonNull(description, "description");
    Objects.requireNonNull(licence, "licence");
    created = created.truncatedTo(ChronoUnit.SECONDS);
    provenance = Map.copyOf(provenance);
  }

  /** A manifest whose slot is its name, with nothing else said. */
  public static PatchManifest of(
      String name, SemanticVersion version, BaseModel base, Instant created) {
    return new PatchManifest(
        name, version, name, base, Composition.free(), "", "", created, Map.of());
  }

  /** Another name; the slot stays as it is. */
  public PatchManifest withName(String name) {
    return new PatchManifest(
        name, version, slot, base, composition, description, licence, created, provenance);
  }

  public PatchManifest withVersion(SemanticVersion version) {
    return new PatchManifest(
        name, version, slot, base, composition, description, licence, created, provenance);
  }

  public PatchManifest withSlot(String slot) {
    return new PatchManifest(
        name, version, slot, base, composition, description, licence, created, provenance);
  }

  public PatchManifest withBase(BaseModel base) {
    return new PatchManifest(
        name, version, slot, base, composition, description, licence, created, provenance);
  }

  public PatchManifest withComposition(Composition composition) {
    return new PatchManifest(
        name, version, slot, base, composition, description, licence, created, provenance);
  }

  public PatchManifest withDescription(String description) {
    return new PatchManifest(
        name, version, slot, base, composition, description, licence, created, provenance);
  }

  public PatchManifest withLicence(String licence) {
    return new PatchManifest(
        name, version, slot, base, composition, description, licence, created, provenance);
  }

  public PatchManifest withCreated(Instant created) {
    return new PatchManifest(
        name, version, slot, base, composition, description, licence, created, provenance);
  }

  public PatchManifest withProvenance(Map<String, String> provenance) {
    return new PatchManifest(
        name, version, slot, base, composition, description, licence, created, provenance);
  }

  /** The provenance ordered by key, as it is written. */
  Map<String, String> orderedProvenance() {
    return new TreeMap<>(provenance);
  }

  /**
   * Whether a text may be the name of a patch or of a slot: lower-case letters and digits in groups
   * joined by one of {@code . _ -}, at most 64 characters.
   */
  public static boolean isName(String text) {
    return text.length() <= MAX_NAME && NAME.matcher(text).matches();
  }

  static void requireName(String field, String found) {
    Objects.requireNonNull(found, field);
    if (!isName(found)) {
      throw new IllegalArgumentException(
          field
              + " is '"
              + found
              + "'; allowed: lower-case letters and digits in groups joined by one of . _ -, at"
              + " most "
              + MAX_NAME
              + " characters");
    }
  }
}
