/**
 * Channels: signed lists of released patches that say which are good, which are withdrawn and which
 * are revoked, and that nobody can replay, freeze, mix or forge unnoticed.
 *
 * <p>A channel is a repository after <a
 * href="https://theupdateframework.github.io/specification/">The Update Framework</a> 1.0 without
 * delegations, in its own file format, so that other TUF clients can read it: {@code root} names
 * the keys, {@code timestamp} says that {@code snapshot} is the newest, {@code snapshot} which
 * {@code targets} belongs to it, and {@code targets} lists the patches. {@link
 * io.patchkit.release.channel.ChannelClient} follows section 5 of the specification, and is
 * stricter where {@code docs/trust.md} says so. A target is called {@code name/version}; its hash
 * is the patch's identity, the SHA-256 of its {@code patch.json}.
 */
@NullMarked
package io.patchkit.release.channel;

import org.jspecify.annotations.NullMarked;
