package io.patchkit.trust;

/** What a key vouches for when it signs. A policy may demand signatures of several roles. */
public enum Role {
  /** Made the patch, and stands for where it comes from. */
  AUTHOR,
  /** Measured the patch, and stands for its evaluation. */
  EVALUATOR,
  /** Approved the patch for use. */
  APPROVER
}
