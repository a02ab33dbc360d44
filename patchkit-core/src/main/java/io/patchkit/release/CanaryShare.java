package io.patchkit.release;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * Which requests a canary serves. The choice depends on the request's key and the canary's stack
 * alone: it is the same in every process and after every restart, and a larger share of one stack
 * serves all that a smaller one did.
 */
final class CanaryShare {

  private CanaryShare() {}

  static boolean serves(StackGeneration canary, String requestKey) {
    return point(canary.stackDigest(), requestKey) < canary.share();
  }

  /** Evenly spread over 0 to 1: the first 53 bits of SHA-256(stack digest, line feed, key). */
  private static double point(Digest stack, String requestKey) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update((stack + "\n" + requestKey).getBytes(StandardCharsets.UTF_8));
    return (ByteBuffer.wrap(sha256.digest()).getLong() >>> 11) * 0x1.0p-53;
  }
}
