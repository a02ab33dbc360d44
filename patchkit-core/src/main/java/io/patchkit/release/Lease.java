package io.patchkit.release;

/** Keeps a patch from being collected until it is closed or its time is over. */
public interface Lease extends AutoCloseable {

  /** The patch that is kept. */
  Digest patch();

  /** Gives the lease back. Idempotent. */
  @Override
  void close();
}
