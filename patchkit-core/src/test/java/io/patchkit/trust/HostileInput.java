package io.patchkit.trust;

import io.patchkit.trust.UntrustedPatchException.Code;
import java.io.IOException;

/**
 * One thing wrong with a patch that verifies.
 *
 * @param number its family: 1 to 15 signatures, 16 to 24 and 29 packages, 30 to 32 weights
 * @param what the thing
 * @param code the refusal
 * @param attack makes it wrong
 */
record HostileInput(int number, String what, Code code, Attack attack) {

  /** Makes one thing wrong. */
  interface Attack {
    void on(Lab lab) throws IOException, InterruptedException;
  }

  static HostileInput of(int number, String what, Code code, Attack attack) {
    return new HostileInput(number, what, code, attack);
  }

  @Override
  public String toString() {
    return number + " " + what + " → " + code;
  }
}
