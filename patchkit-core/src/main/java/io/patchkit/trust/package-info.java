/**
 * Who vouches for a patch, and whether that is enough: signatures, keyrings, policies.
 *
 * <p>Signatures are bundles after <a href="https://github.com/ossf/model-signing-spec">OpenSSF
 * Model Signing v1.0</a>, which the PyPI package {@code model-signing} reads and writes too: a
 * Sigstore bundle v0.3 around a <a href="https://github.com/secure-systems-lab/dsse">DSSE</a>
 * envelope around an <a href="https://github.com/in-toto/attestation">in-toto</a> statement that
 * lists every file with its SHA-256. Keys are ECDSA over NIST P-256, P-384 and P-521; a key's id,
 * which is also the bundle's hint, is the SHA-256 of its public key as PEM text.
 *
 * <p>A statement is read only once its signature holds, and nothing of a patch is parsed before all
 * of its digests hold. Every refusal is an {@link io.patchkit.trust.UntrustedPatchException} whose
 * {@linkplain io.patchkit.trust.UntrustedPatchException.Code code} names the rule; {@code
 * docs/trust.md} lists the rules, among them those on which {@code model-signing} is more lenient.
 */
@NullMarked
package io.patchkit.trust;

import org.jspecify.annotations.NullMarked;
