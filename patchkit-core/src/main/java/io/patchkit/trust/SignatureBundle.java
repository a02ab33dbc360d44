package io.patchkit.trust;

import io.patchkit.PatchkitException;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import io.patchkit.trust.UntrustedPatchException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/**
 * A Sigstore bundle v0.3 that holds one DSSE envelope with one signature by a key, which its hint
 * names. What it carries is not looked at before {@link #payload} has verified the signature.
 */
final class SignatureBundle {

  private static final String MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
  private static final String PAYLOAD_TYPE = "application/vnd.in-toto+json";

  private final String keyId;
  private final byte[] payload;
  private final byte[] signature;

  private SignatureBundle(String keyId, byte[] payload, byte[] signature) {
    this.keyId = keyId;
    this.payload = payload;
    this.signature = signature;
  }

  /** Reads a bundle of at most {@code maxBytes}. */
  static SignatureBundle parse(byte[] utf8, int maxBytes) {
    JsonLimits limits = JsonLimits.defaults().withMaxBytes(maxBytes).withMaxStringLength(maxBytes);
    return ForeignJson.read(
        utf8, limits, "signature bundle", Code.MALFORMED_BUNDLE, SignatureBundle::read);
  }

  /** The bytes of a bundle's file, or one more than {@code maxBytes} of them. */
  static byte[] load(Path file, int maxBytes) {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(maxBytes + 1);
    } catch (IOException e) {
      throw new PatchkitException("cannot read the signature bundle " + file + ": " + e, e);
    }
  }

  private static SignatureBundle read(JsonObject bundle) {
    ForeignJson.requireText(bundle, "mediaType", MEDIA_TYPE, Code.UNSUPPORTED_BUNDLE);
    bundle.rejectUnknown("mediaType", "verificationMaterial", "dsseEnvelope");
    String keyId = hint(bundle.object("verificationMaterial"));

    JsonObject envelope = bundle.object("dsseEnvelope");
    envelope.rejectUnknown("payload", "payloadType", "signatures");
    ForeignJson.requireText(envelope, "payloadType", PAYLOAD_TYPE, Code.UNSUPPORTED_PAYLOAD);
    JsonObject signature = ForeignJson.only(envelope.array("signatures"), Code.SIGNATURE_COUNT);
    signature.rejectUnknown("sig", "keyid");
    String inner = signature.optionalString("keyid");
    if (inner != null && !inner.isEmpty() && !inner.equals(keyId)) {
      throw signature.notAllowed("keyid", "the bundle's hint, or none");
    }
    return new SignatureBundle(keyId, base64(envelope, "payload"), base64(signature, "sig"));
  }

  private static String hint(JsonObject material) {
    for (String name : material.names()) {
      if (!name.equals("publicKey") && !name.equals("tlogEntries")) {
        throw new UntrustedPatchException(
            Code.UNSUPPORTED_BUNDLE,
            material.path(name)
                + ": expected a bundle signed by a plain key (publicKey), found other material");
      }
    }
    JsonArray log = material.optionalArray("tlogEntries");
    if (log != null && log.size() != 0) {
      throw new UntrustedPatchException(
          Code.UNSUPPORTED_BUNDLE,
          log.path() + ": expected no transparency log entries, found " + log.size());
    }
    JsonObject key = material.object("publicKey").rejectUnknown("hint");
    if (!key.has("hint")) {
      throw new UntrustedPatchException(
          Code.MISSING_HINT, key.path("hint") + ": expected the id of the signing key, found none");
    }
    String hint = key.string("hint");
    if (!Sha256.HEX.matcher(hint).matches()) {
      throw key.notAllowed("hint", "the SHA-256 of the key's PEM text, 64 lower-case digits");
    }
    return hint;
  }

  /** Base64 with its one spelling: standard alphabet, padded, unused bits zero. */
  private static byte[] base64(JsonObject object, String field) {
    String text = object.string(field);
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      if (Base64.getEncoder().encodeToString(bytes).equals(text)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      throw notBase64(object, field);
    }
    throw notBase64(object, field);
  }

  private static FormatException notBase64(JsonObject object, String field) {
    return new FormatException(
        FormatException.Reason.VALUE_NOT_ALLOWED,
        object.path(field),
        "expected padded standard base64 (RFC 4648), found other text");
  }

  /** The hint: which key made this. */
  String keyId() {
    return keyId;
  }

  /**
   * What was signed, once the key has verified it.
   *
   * @throws UntrustedPatchException if the signature is not this key's over the payload
   */
  byte[] payload(VerificationKey key) {
    if (!EcdsaSignature.isWellFormed(signature, key.curve())) {
      throw new UntrustedPatchException(
          Code.MALFORMED_SIGNATURE,
          "expected the DER of an ECDSA signature on " + key.curve() + ", found other bytes");
    }
    if (!key.verifies(preAuthenticationEncoding(payload), signature)) {
      throw new UntrustedPatchException(
          Code.INVALID_SIGNATURE,
          "the signature does not hold: the bundle was changed, or key "
              + key.keyId()
              + " did not make it");
    }
    return payload.clone();
  }

  /** A bundle in which the signer vouches for a statement. */
  static byte[] sign(byte[] payload, Signer signer) {
    Base64.Encoder base64 = Base64.getEncoder();
    JsonObject signature =
        JsonObject.builder()
            .put("sig", base64.encodeToString(signer.signature(preAuthenticationEncoding(payload))))
            .put("keyid", "")
            .build();
    JsonObject key = JsonObject.builder().put("hint", signer.verificationKey().keyId()).build();
    return StrictJson.write(
        JsonObject.builder()
            .put("mediaType", MEDIA_TYPE)
            .put(
                "verificationMaterial",
                JsonObject.builder()
                    .put("publicKey", key)
                    .put("tlogEntries", JsonArray.of(List.of()))
                    .build())
            .put(
                "dsseEnvelope",
                JsonObject.builder()
                    .put("payload", base64.encodeToString(payload))
                    .put("payloadType", PAYLOAD_TYPE)
                    .put("signatures", JsonArray.of(List.of(signature)))
                    .build())
            .build());
  }

  /**
   * DSSE v1's encoding of type and payload: {@code "DSSEv1" SP length SP type SP length SP
   * payload}, lengths in decimal.
   */
  private static byte[] preAuthenticationEncoding(byte[] payload) {
    byte[] head =
        ("DSSEv1 " + PAYLOAD_TYPE.length() + " " + PAYLOAD_TYPE + " " + payload.length + " ")
            .getBytes(StandardCharsets.US_ASCII);
    byte[] encoding = new byte[head.length + payload.length];
    System.arraycopy(head, 0, encoding, 0, head.length);
    System.arraycopy(payload, 0, encoding, head.length, payload.length);
    return encoding;
  }
}
