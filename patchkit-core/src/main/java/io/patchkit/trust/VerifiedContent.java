package io.patchkit.trust;

import io.patchkit.CorruptPatchException;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Patch;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.format.FormatException;
import io.patchkit.trust.UntrustedPatchException.Code;

/** Interprets files whose signatures hold: a trusted signer can err, or be robbed of the key. */
final class VerifiedContent {

  private VerifiedContent() {}

  static Patch parse(PatchFiles files) {
    try {
      return Patch.parse(files.contents());
    } catch (CorruptPatchException e) {
      throw new UntrustedPatchException(
          code(e), "signed, and yet no valid patch: " + e.getMessage(), e);
    }
  }

  /** Refuses a patch of which the policy demands more than its signatures. */
  static void requireMeets(Patch patch, TrustPolicy policy) {
    requireMagnitude(patch.prefix(), policy.maxMagnitude());
    for (TrustPolicy.Requirement requirement : policy.requirements()) {
      if (!requirement.holds().test(patch)) {
        throw new UntrustedPatchException(
            Code.REQUIREMENT_NOT_MET,
            "the policy demands " + requirement.what() + ", and " + patch.id() + " has it not");
      }
    }
  }

  private static Code code(CorruptPatchException e) {
    return switch (e.fault()) {
      case MISSING_FILE -> Code.MISSING_FILE;
      case UNLISTED_FILE -> Code.EXTRA_FILE;
      case TOO_LARGE -> Code.TOO_LARGE;
      case SIZE -> Code.SIZE_MISMATCH;
      case DIGEST -> Code.DIGEST_MISMATCH;
      case MANIFEST -> manifestCode(e);
      case CONFIG -> Code.MALFORMED_CONFIG;
      case WEIGHTS ->
          e.getCause() instanceof FormatException format
                  && format.reason() == FormatException.Reason.NON_FINITE_VALUE
              ? Code.NON_FINITE_WEIGHTS
              : Code.MALFORMED_WEIGHTS;
      case DOCUMENT -> Code.MALFORMED_DOCUMENT;
      case DISAGREEMENT -> Code.DISAGREEMENT;
    };
  }

  private static Code manifestCode(CorruptPatchException e) {
    if (e.getCause() instanceof FormatException format) {
      return switch (format.location()) {
        case "$.formatVersion", "$.prefix.kind" -> Code.UNKNOWN_FORMAT;
        case "$.version" -> Code.MALFORMED_VERSION;
        default -> Code.MALFORMED_MANIFEST;
      };
    }
    return Code.MALFORMED_MANIFEST;
  }

  private static void requireMagnitude(Prefix prefix, float max) {
    float[] numbers =
        prefix instanceof KeyValuePrefix keyValue ? keyValue.rows() : ((SoftPrompt) prefix).rows();
    for (float number : numbers) {
      if (Math.abs(number) > max) {
        throw new UntrustedPatchException(
            Code.EXTREME_WEIGHTS,
            "expected numbers of at most "
                + max
                + ", found "
                + number
                + "; allow more with TrustPolicy.withMaxMagnitude if the patch was measured");
      }
    }
  }
}
