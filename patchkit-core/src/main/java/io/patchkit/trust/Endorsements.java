package io.patchkit.trust;

import io.patchkit.trust.UntrustedPatchException.Code;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The keys that vouch for some files, counted under a policy. A key counts once, however many
 * bundles it made. Not thread-safe.
 */
final class Endorsements {

  private final TrustPolicy policy;
  private final Instant now;
  private final Map<String, TrustedKey> counted = new LinkedHashMap<>();
  private final List<UntrustedPatchException> notCounted = new ArrayList<>();

  Endorsements(TrustPolicy policy, Instant now) {
    this.policy = policy;
    this.now = now;
  }

  /** Refuses a bundle that names another key than the one that is trusted. */
  static void requireKey(SignatureBundle bundle, VerificationKey key) {
    if (!bundle.keyId().equals(key.keyId())) {
      throw new UntrustedPatchException(
          Code.UNKNOWN_KEY,
          "expected a signature by key " + key.keyId() + ", found one by " + bundle.keyId());
    }
  }

  /** The key that made the bundle, if it may count now; otherwise null, and the reason is kept. */
  @Nullable TrustedKey eligible(String keyId) {
    String revocation = policy.revocation(keyId);
    TrustedKey trusted = policy.key(keyId);
    if (revocation != null) {
      notCounted.add(
          new UntrustedPatchException(
              Code.KEY_REVOKED, "key " + keyId + " is revoked: " + revocation));
    } else if (trusted == null) {
      notCounted.add(
          new UntrustedPatchException(
              Code.UNKNOWN_KEY,
              "key " + keyId + " is not in the keyring; add it if you trust whoever holds it"));
    } else if (now.isBefore(trusted.notBefore())) {
      notCounted.add(
          new UntrustedPatchException(
              Code.KEY_NOT_YET_VALID,
              "key " + keyId + " is valid from " + trusted.notBefore() + ", and it is " + now));
    } else if (now.isAfter(trusted.notAfter())) {
      notCounted.add(
          new UntrustedPatchException(
              Code.KEY_EXPIRED,
              "key " + keyId + " was valid until " + trusted.notAfter() + ", and it is " + now));
    } else {
      return trusted;
    }
    return null;
  }

  /** Counts a key whose signature over the files has been verified. */
  void add(TrustedKey trusted) {
    counted.put(trusted.key().keyId(), trusted);
  }

  /** Discounts the keys that may not sign patches of this name. */
  void requireScope(String patchName) {
    counted
        .values()
        .removeIf(
            trusted -> {
              boolean foreign = !trusted.isFor(patchName);
              if (foreign) {
                notCounted.add(
                    new UntrustedPatchException(
                        Code.KEY_OUT_OF_SCOPE,
                        "key "
                            + trusted.key().keyId()
                            + " may sign "
                            + trusted.names()
                            + ", not "
                            + patchName));
              }
              return foreign;
            });
  }

  /** Refuses when the policy demands more. A sole reason for too few is the refusal's own code. */
  void requireEnough() {
    if (counted.isEmpty() && !notCounted.isEmpty()) {
      throw notCounted.get(0);
    }
    if (counted.size() < policy.threshold()) {
      throw refused(Code.THRESHOLD_NOT_MET, "distinct keys", policy.threshold(), counted.size());
    }
    for (Map.Entry<Role, Integer> demand : policy.roleThresholds().entrySet()) {
      int found = 0;
      for (TrustedKey trusted : counted.values()) {
        found += trusted.roles().contains(demand.getKey()) ? 1 : 0;
      }
      if (found < demand.getValue()) {
        throw refused(
            Code.ROLE_NOT_MET,
            "distinct keys of role " + demand.getKey(),
            demand.getValue(),
            found);
      }
    }
  }

  private UntrustedPatchException refused(Code code, String what, int expected, int found) {
    StringBuilder message =
        new StringBuilder("expected signatures by at least ")
            .append(expected)
            .append(' ')
            .append(what)
            .append(", found ")
            .append(found);
    for (UntrustedPatchException reason : notCounted) {
      message.append("; ").append(reason.getMessage());
    }
    return new UntrustedPatchException(code, message.toString());
  }

  List<TrustedKey> counted() {
    return List.copyOf(counted.values());
  }
}
