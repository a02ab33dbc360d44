package io.patchkit.trust;

import io.patchkit.Patch;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which signatures suffice: a keyring, how many distinct keys must have signed, and how large the
 * numbers of a patch may be. Immutable and thread-safe.
 */
public final class TrustPolicy {

  /**
   * The largest absolute number of a prefix unless the policy says otherwise. Trained prefixes stay
   * far below; half-precision engines overflow at 65,504.
   */
  public static final float DEFAULT_MAX_MAGNITUDE = 10_000;

  private final Map<String, TrustedKey> keyring;
  private final Map<String, String> revoked;
  private final int threshold;
  private final Map<Role, Integer> roleThresholds;
  private final float maxMagnitude;
  private final List<Requirement> requirements;

  /** What a patch must say of itself, besides being signed. */
  record Requirement(String what, Predicate<Patch> holds) {}

  private TrustPolicy(
      Map<String, TrustedKey> keyring,
      Map<String, String> revoked,
      int threshold,
      Map<Role, Integer> roleThresholds,
      float maxMagnitude,
      List<Requirement> requirements) {
    this.keyring = keyring;
    this.revoked = revoked;
    this.threshold = threshold;
    this.roleThresholds = roleThresholds;
    this.maxMagnitude = maxMagnitude;
    this.requirements = requirements;
  }

  /**
   * One signature by any key of the keyring.
   *
   * @param keyring each key once
   */
  public static TrustPolicy of(Collection<TrustedKey> keyring) {
    Map<String, TrustedKey> byId = new LinkedHashMap<>();
    for (TrustedKey trusted : keyring) {
      if (byId.put(trusted.key().keyId(), trusted) != null) {
        throw new IllegalArgumentException(
            "keyring has key " + trusted.key().keyId() + " twice; allowed: each key once");
      }
    }
    return new TrustPolicy(byId, Map.of(), 1, Map.of(), DEFAULT_MAX_MAGNITUDE, List.of());
  }

  /** One signature by one of these keys, whatever the patch is called. */
  public static TrustPolicy of(VerificationKey... keys) {
    return of(List.of(keys).stream().map(TrustedKey::of).toList());
  }

  /** The policy that demands signatures by this many distinct keys, at least one. */
  public TrustPolicy withThreshold(int threshold) {
    requirePositive("threshold", threshold);
    return new TrustPolicy(keyring, revoked, threshold, roleThresholds, maxMagnitude, requirements);
  }

  /** The policy that demands, besides, signatures by this many distinct keys of a role. */
  public TrustPolicy withThreshold(Role role, int threshold) {
    requirePositive("threshold of " + role, threshold);
    Map<Role, Integer> changed = new EnumMap<>(Role.class);
    changed.putAll(roleThresholds);
    changed.put(role, threshold);
    return new TrustPolicy(keyring, revoked, this.threshold, changed, maxMagnitude, requirements);
  }

  /** The policy under which a key counts no more, of the keyring or not. */
  public TrustPolicy withRevoked(VerificationKey key, String reason) {
    return withRevoked(key.keyId(), reason);
  }

  /**
   * The policy under which a key counts no more, of the keyring or not.
   *
   * @param keyId as {@link VerificationKey#keyId} gives it: 64 lower-case hexadecimal digits
   */
  public TrustPolicy withRevoked(String keyId, String reason) {
    if (!Sha256.HEX.matcher(keyId).matches()) {
      throw new IllegalArgumentException(
          "keyId is '"
              + keyId
              + "'; allowed: the SHA-256 of the key's PEM text, 64 lower-case hexadecimal digits");
    }
    Map<String, String> changed = new HashMap<>(revoked);
    changed.put(keyId, reason);
    return new TrustPolicy(keyring, changed, threshold, roleThresholds, maxMagnitude, requirements);
  }

  /** The policy that lets prefixes pass whose numbers are at most this large. */
  public TrustPolicy withMaxMagnitude(float maxMagnitude) {
    if (!(maxMagnitude > 0)) {
      throw new IllegalArgumentException("maxMagnitude is " + maxMagnitude + "; allowed: above 0");
    }
    return new TrustPolicy(keyring, revoked, threshold, roleThresholds, maxMagnitude, requirements);
  }

  /**
   * The policy that demands, besides, something of the patch itself: that it was evaluated, that
   * the evaluation is good enough, that its licence is an allowed one. It is asked once signatures
   * and digests hold.
   *
   * @param what completes "the policy demands …": {@code "an evaluation"}
   * @param holds whether a patch meets the demand; must not throw
   */
  public TrustPolicy withRequirement(String what, Predicate<Patch> holds) {
    List<Requirement> changed = new ArrayList<>(requirements);
    changed.add(new Requirement(what, holds));
    return new TrustPolicy(
        keyring, revoked, threshold, roleThresholds, maxMagnitude, List.copyOf(changed));
  }

  private static void requirePositive(String field, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(field + " is " + value + "; allowed: at least 1");
    }
  }

  /** The key with this id, or null. */
  @Nullable TrustedKey key(String keyId) {
    return keyring.get(keyId);
  }

  /** Why the key is revoked, or null. */
  @Nullable String revocation(String keyId) {
    return revoked.get(keyId);
  }

  int threshold() {
    return threshold;
  }

  Map<Role, Integer> roleThresholds() {
    return roleThresholds;
  }

  List<Requirement> requirements() {
    return requirements;
  }

  float maxMagnitude() {
    return maxMagnitude;
  }
}
