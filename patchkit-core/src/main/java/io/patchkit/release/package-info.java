/**
 * Releases: where patches come from, where they lie, which of them are active, and how a running
 * model follows.
 *
 * <p>A {@link io.patchkit.release.PatchRegistry} carries patches between machines: a directory, or
 * a registry that speaks the <a href="https://github.com/opencontainers/distribution-spec">OCI
 * distribution specification</a>. What is pulled is bytes; {@link
 * io.patchkit.trust.VerifiedPatch#verify} makes a patch of them. A {@link
 * io.patchkit.release.PatchStore} keeps verified patches and an immutable history of stacks, {@link
 * io.patchkit.release.LivePatches} shows an open model through the current one, and {@link
 * io.patchkit.release.Revocations} says which patches must not run any more.
 *
 * <h2>The store, format 1</h2>
 *
 * <pre>
 * FORMAT                  "patchkit-store 1"
 * lock                    locked by whoever changes the store
 * blobs/sha256/HEX        every file of every patch, named by its SHA-256
 * sigs/PATCH/HEX.sig      the signature bundles of an installed patch; its presence is the install
 * generations/N.json      number, parent, origin, actor, reason, time, stack, share: immutable
 * generations/N.good      generation N was found to work
 * current                 "N HEX": the current generation and the SHA-256 of its record
 * pins/N                  generation N is not collected
 * leases/UUID.json        a patch that is not collected before a time
 * revoked/PATCH.json      a patch that never runs again, and why
 * audit.log               who did what and when, each line with the SHA-256 of the line before
 * pending                 the next line, while something is done that makes no generation
 * </pre>
 *
 * <p>PATCH is the SHA-256 of {@code patch.json}, which lists the SHA-256 of the patch's other
 * files. Every file is written beside its place, forced to the disk and renamed; {@code current} is
 * renamed last, and that is the activation. A change happens under the lock; readers take none and
 * hold all that they read against its SHA-256. A machine that stops at any moment finds the old or
 * the new generation.
 */
@NullMarked
package io.patchkit.release;

import org.jspecify.annotations.NullMarked;
