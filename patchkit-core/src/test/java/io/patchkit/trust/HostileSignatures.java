package io.patchkit.trust;

import io.patchkit.trust.UntrustedPatchException.Code;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** Bundles, signatures and keys that are wrong: families 1 to 11 and 14. */
final class HostileSignatures {

  private HostileSignatures() {}

  static List<HostileInput> rows() {
    return List.of(
        HostileInput.of(
            1,
            "a flipped bit in the weights",
            Code.DIGEST_MISMATCH,
            lab -> lab.flip(Lab.WEIGHTS, 0)),
        HostileInput.of(
            1, "a flipped bit in the config", Code.DIGEST_MISMATCH, lab -> lab.flip(Lab.CONFIG, 5)),
        HostileInput.of(
            2,
            "a flipped bit in the signature",
            Code.INVALID_SIGNATURE,
            HostileSignatures::flipSignature),
        HostileInput.of(
            2,
            "a changed payload",
            Code.INVALID_SIGNATURE,
            lab -> lab.bundle("\"payload\": \"ew", "\"payload\": \"fw")),
        HostileInput.of(
            3,
            "an unknown key",
            Code.UNKNOWN_KEY,
            lab -> lab.bundles.set(0, Lab.MALLORY.sign(lab.directory))),
        HostileInput.of(
            3,
            "an unknown key under a known hint",
            Code.INVALID_SIGNATURE,
            lab -> {
              lab.bundles.set(0, Lab.MALLORY.sign(lab.directory));
              lab.bundle(
                  Lab.MALLORY.verificationKey().keyId(), Lab.ALICE.verificationKey().keyId());
            }),
        HostileInput.of(
            3,
            "an unknown key, and a manifest that nobody should have parsed",
            Code.UNKNOWN_KEY,
            lab -> {
              lab.write("patch.json", "{}");
              lab.signAsItIs();
              lab.policy = TrustPolicy.of(Lab.BOB.verificationKey());
            }),
        HostileInput.of(3, "no bundle", Code.UNSIGNED, lab -> lab.bundles.clear()),
        HostileInput.of(
            3,
            "33 bundles",
            Code.TOO_MANY_BUNDLES,
            lab -> {
              while (lab.bundles.size() < 33) {
                lab.bundles.add(lab.bundles.get(0));
              }
            }),
        HostileInput.of(
            3,
            "no hint",
            Code.MISSING_HINT,
            lab -> lab.bundle("\"hint\": \"" + Lab.ALICE.verificationKey().keyId() + "\"", "")),
        HostileInput.of(
            3,
            "a hint in capitals",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle(Lab.ALICE.verificationKey().keyId(), "A".repeat(64))),
        HostileInput.of(
            3,
            "a key id inside that is not the hint",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"keyid\": \"\"", "\"keyid\": \"bob\"")),
        HostileInput.of(
            4,
            "a key outside its names",
            Code.KEY_OUT_OF_SCOPE,
            lab -> lab.policy = trusting(alice().withNames("acme-*", "refuse"))),
        HostileInput.of(
            5,
            "a key whose time is over",
            Code.KEY_EXPIRED,
            lab ->
                lab.policy =
                    trusting(
                        alice()
                            .withValidity(
                                SamplePatch.NOW.minusSeconds(9), SamplePatch.NOW.minusNanos(1)))),
        HostileInput.of(
            5,
            "a key whose time is to come",
            Code.KEY_NOT_YET_VALID,
            lab ->
                lab.policy =
                    trusting(
                        alice()
                            .withValidity(
                                SamplePatch.NOW.plusNanos(1),
                                SamplePatch.NOW.plus(Duration.ofDays(1))))),
        HostileInput.of(
            5,
            "a revoked key",
            Code.KEY_REVOKED,
            lab ->
                lab.policy = lab.policy.withRevoked(Lab.ALICE.verificationKey().keyId(), "stolen")),
        HostileInput.of(
            6,
            "two signatures by one key",
            Code.THRESHOLD_NOT_MET,
            lab -> {
              lab.bundles.add(Lab.ALICE.sign(lab.directory));
              lab.policy = aliceAndBob().withThreshold(2);
            }),
        HostileInput.of(
            6,
            "one key under two hints",
            Code.INVALID_SIGNATURE,
            lab -> {
              lab.bundle(Lab.ALICE.verificationKey().keyId(), Lab.BOB.verificationKey().keyId());
              lab.bundles.add(Lab.ALICE.sign(lab.directory));
              lab.policy = aliceAndBob().withThreshold(2);
            }),
        HostileInput.of(
            6,
            "one key of the keyring and an unknown one",
            Code.THRESHOLD_NOT_MET,
            lab -> {
              lab.bundles.add(Lab.MALLORY.sign(lab.directory));
              lab.policy = aliceAndBob().withThreshold(2);
            }),
        HostileInput.of(
            6,
            "two keys, of which one is out of its scope",
            Code.THRESHOLD_NOT_MET,
            lab -> {
              lab.bundles.add(Lab.BOB.sign(lab.directory));
              lab.policy =
                  trusting(alice(), TrustedKey.of(Lab.BOB.verificationKey()).withNames("acme"))
                      .withThreshold(2);
            }),
        HostileInput.of(
            6,
            "two keys, of which one has the role that two must have",
            Code.ROLE_NOT_MET,
            lab -> {
              lab.bundles.add(Lab.BOB.sign(lab.directory));
              lab.policy =
                  trusting(alice(), TrustedKey.of(Lab.BOB.verificationKey()).withRoles(Role.AUTHOR))
                      .withThreshold(Role.APPROVER, 2);
            }),
        HostileInput.of(
            6,
            "a key without the role that one must have",
            Code.ROLE_NOT_MET,
            lab ->
                lab.policy =
                    trusting(alice().withRoles(Role.AUTHOR)).withThreshold(Role.APPROVER, 1)),
        HostileInput.of(
            8,
            "a signature of zeros",
            Code.MALFORMED_SIGNATURE,
            lab -> lab.signature("3006020100020100")),
        HostileInput.of(
            8, "an empty signature", Code.MALFORMED_SIGNATURE, lab -> lab.signature("")),
        HostileInput.of(
            8, "a negative r", Code.MALFORMED_SIGNATURE, lab -> lab.signature("3006020180020101")),
        HostileInput.of(
            8,
            "an r with a byte too many",
            Code.MALFORMED_SIGNATURE,
            lab -> lab.signature("300702020001020101")),
        HostileInput.of(
            8,
            "an r of the order",
            Code.MALFORMED_SIGNATURE,
            lab ->
                lab.signature(
                    "3026022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551020101")),
        HostileInput.of(
            8,
            "a signature in raw form",
            Code.MALFORMED_SIGNATURE,
            lab -> lab.signature("01".repeat(64))),
        HostileInput.of(
            8,
            "a byte after the signature",
            Code.MALFORMED_SIGNATURE,
            lab -> lab.signature(Arrays.copyOf(lab.signature(), lab.signature().length + 1))),
        HostileInput.of(
            8,
            "a length in a form too long",
            Code.MALFORMED_SIGNATURE,
            HostileSignatures::lengthen),
        HostileInput.of(
            8,
            "a signature whose base64 has bits to spare",
            Code.MALFORMED_BUNDLE,
            lab -> {
              lab.signature("3006020101020101");
              lab.bundle(lab.sig(), "MAYCAQECAQF=");
            }),
        HostileInput.of(
            9,
            "a foreign payload type",
            Code.UNSUPPORTED_PAYLOAD,
            lab -> lab.bundle("application/vnd.in-toto+json", "text/plain")),
        HostileInput.of(
            10,
            "an older bundle",
            Code.UNSUPPORTED_BUNDLE,
            lab -> lab.bundle("v0.3+json", "v0.2+json")),
        HostileInput.of(
            10,
            "a certificate for a key",
            Code.UNSUPPORTED_BUNDLE,
            lab -> lab.bundle("\"publicKey\"", "\"certificate\": {}, \"publicKey\"")),
        HostileInput.of(
            10,
            "an entry of a transparency log",
            Code.UNSUPPORTED_BUNDLE,
            lab -> lab.bundle("\"tlogEntries\": []", "\"tlogEntries\": [{}]")),
        HostileInput.of(
            11,
            "no signature",
            Code.SIGNATURE_COUNT,
            lab ->
                lab.bundle(
                    "{\n        \"sig\": \"" + lab.sig() + "\",\n        \"keyid\": \"\"\n      }",
                    "")),
        HostileInput.of(
            11,
            "a good signature and another",
            Code.SIGNATURE_COUNT,
            lab ->
                lab.bundle(
                    "\"keyid\": \"\"\n      }",
                    "\"keyid\": \"\"\n      }, {\"sig\": \"MAYCAQECAQE=\"}")),
        HostileInput.of(
            14,
            "a key twice",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"keyid\": \"\"", "\"keyid\": \"\", \"keyid\": \"\"")),
        HostileInput.of(
            14,
            "bytes after the bundle",
            Code.MALFORMED_BUNDLE,
            lab ->
                lab.bundles.set(
                    0,
                    (new String(lab.bundles.get(0), StandardCharsets.UTF_8) + "{}")
                        .getBytes(StandardCharsets.UTF_8))),
        HostileInput.of(
            14,
            "33 levels",
            Code.MALFORMED_BUNDLE,
            lab ->
                lab.bundle(
                    "\"tlogEntries\": []", "\"tlogEntries\": " + "[".repeat(33) + "]".repeat(33))),
        HostileInput.of(
            14,
            "bytes that are no UTF-8",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"keyid\": \"\"", "\"keyid\": \"\u00ff\"")),
        HostileInput.of(
            14,
            "an unknown field",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"keyid\": \"\"", "\"keyid\": \"\", \"cert\": \"\"")),
        HostileInput.of(
            14,
            "an unknown field of the bundle",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"mediaType\"", "\"note\": 1, \"mediaType\"")),
        HostileInput.of(
            14,
            "an unknown field of the envelope",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"payloadType\"", "\"note\": 1, \"payloadType\"")),
        HostileInput.of(
            14,
            "an unknown field of the key",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"hint\"", "\"rawBytes\": \"\", \"hint\"")),
        HostileInput.of(
            14,
            "a bundle of 64 KiB and a byte",
            Code.MALFORMED_BUNDLE,
            lab -> {
              byte[] bundle = lab.bundles.get(0);
              byte[] padded = Arrays.copyOf(bundle, VerifiedPatch.MAX_BUNDLE_BYTES + 1);
              Arrays.fill(padded, bundle.length, padded.length, (byte) ' ');
              lab.bundles.set(0, padded);
            }),
        HostileInput.of(
            14, "nothing", Code.MALFORMED_BUNDLE, lab -> lab.bundles.set(0, new byte[0])));
  }

  private static void flipSignature(Lab lab) {
    byte[] signature = lab.signature();
    signature[signature.length - 1] ^= 1;
    lab.signature(signature);
  }

  /** {@code 30 46 …} becomes {@code 30 81 46 …}, the same in BER. */
  private static void lengthen(Lab lab) {
    byte[] der = lab.signature();
    byte[] ber = new byte[der.length + 1];
    ber[0] = der[0];
    ber[1] = (byte) 0x81;
    System.arraycopy(der, 1, ber, 2, der.length - 1);
    lab.signature(ber);
  }

  private static TrustedKey alice() {
    return TrustedKey.of(Lab.ALICE.verificationKey());
  }

  private static TrustPolicy aliceAndBob() {
    return TrustPolicy.of(Lab.ALICE.verificationKey(), Lab.BOB.verificationKey());
  }

  private static TrustPolicy trusting(TrustedKey... keys) {
    return TrustPolicy.of(List.of(keys));
  }
}
