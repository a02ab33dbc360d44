package io.patchkit.release.channel;

import io.patchkit.format.FormatException;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import io.patchkit.format.StrictJson;
import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.trust.Signer;
import io.patchkit.trust.VerificationKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The envelope of TUF metadata: what is signed, and the signatures over its canonical form.
 *
 * @param role whose metadata it claims to be
 * @param signed what was signed; not to be interpreted before {@link #requireSignedBy}
 * @param signatures DER by key id
 */
record SignedMetadata(ChannelRole role, JsonObject signed, Map<String, byte[]> signatures) {

  private static final int MAX_SIGNATURES = 64;

  /** Reads an envelope of any content. */
  static SignedMetadata parse(ChannelRole role, byte[] utf8) {
    JsonLimits limits = JsonLimits.defaults().withMaxBytes(role.maxBytes());
    return reading(
        role,
        () -> {
          JsonObject envelope = StrictJson.parseObject(utf8, limits);
          JsonArray list = envelope.array("signatures");
          if (list.size() > MAX_SIGNATURES) {
            throw envelope.notAllowed("signatures", "at most " + MAX_SIGNATURES);
          }
          Map<String, byte[]> signatures = new LinkedHashMap<>();
          for (JsonObject signature : list.objects()) {
            if (signatures.put(signature.string("keyid"), hex(signature)) != null) {
              throw signature.notAllowed("keyid", "each key once");
            }
          }
          return new SignedMetadata(role, envelope.object("signed"), signatures);
        });
  }

  private static byte[] hex(JsonObject signature) {
    try {
      return HexFormat.of().parseHex(signature.string("sig"));
    } catch (IllegalArgumentException e) {
      throw signature.notAllowed("sig", "hexadecimal digits");
    }
  }

  /**
   * Refuses metadata that fewer than the threshold of the keys have signed.
   *
   * @param who names the keys in the message
   */
  SignedMetadata requireSignedBy(RoleKeys keys, String who) {
    byte[] message = CanonicalJson.write(signed);
    int valid = 0;
    for (Map.Entry<String, VerificationKey> key : keys.keys().entrySet()) {
      byte[] signature = signatures.get(key.getKey());
      valid += signature != null && key.getValue().verifies(message, signature) ? 1 : 0;
    }
    if (valid < keys.threshold()) {
      throw new ChannelException(
          Code.THRESHOLD_NOT_MET,
          role.fileName()
              + ": expected valid signatures by "
              + keys.threshold()
              + " of the "
              + keys.keys().size()
              + " keys of "
              + who
              + ", found "
              + valid);
    }
    return this;
  }

  /** Interprets what was signed. */
  <T> T read(Function<JsonObject, T> reader) {
    return reading(role, () -> reader.apply(signed));
  }

  /** Whether the same was signed, by whomever. */
  boolean saysTheSameAs(SignedMetadata other) {
    return Arrays.equals(CanonicalJson.write(signed), CanonicalJson.write(other.signed));
  }

  /** The bytes of metadata that these have signed. */
  static byte[] sign(JsonObject signed, List<Signer> signers) {
    byte[] message = CanonicalJson.write(signed);
    List<JsonValue> signatures = new ArrayList<>();
    for (Signer signer : signers) {
      signatures.add(
          JsonObject.builder()
              .put("keyid", TufKey.id(signer.verificationKey()))
              .put("sig", HexFormat.of().formatHex(signer.signature(message)))
              .build());
    }
    return StrictJson.write(
        JsonObject.builder()
            .put("signatures", JsonArray.of(signatures))
            .put("signed", signed)
            .build());
  }

  private static <T> T reading(ChannelRole role, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (FormatException e) {
      throw new ChannelException(Code.MALFORMED, role.fileName() + ": " + e.getMessage(), e);
    }
  }
}
