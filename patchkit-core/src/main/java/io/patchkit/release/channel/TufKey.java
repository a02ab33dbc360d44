package io.patchkit.release.channel;

import io.patchkit.format.FormatException;
import io.patchkit.format.JsonObject;
import io.patchkit.trust.UnusableKeyException;
import io.patchkit.trust.VerificationKey;
import java.util.List;

/** A key as TUF writes it; its id is the SHA-256 of that, in canonical JSON. */
final class TufKey {

  private TufKey() {}

  static JsonObject json(VerificationKey key) {
    return JsonObject.builder()
        .put("keytype", "ecdsa")
        .put("scheme", scheme(key))
        .put("keyval", JsonObject.builder().put("public", key.toPem()).build())
        .build();
  }

  private static String scheme(VerificationKey key) {
    return switch (key.curve()) {
      case P256 -> "ecdsa-sha2-nistp256";
      case P384 -> "ecdsa-sha2-nistp384";
      case P521 -> "ecdsa-sha2-nistp521";
    };
  }

  static String id(VerificationKey key) {
    return CanonicalJson.sha256(CanonicalJson.write(json(key)));
  }

  /**
   * Reads the key with this id.
   *
   * @throws FormatException if it is of another kind, or the id is not that of the key: one key
   *     under two ids would count twice
   */
  static VerificationKey read(String id, JsonObject json) {
    json.string("keytype", List.of("ecdsa"));
    JsonObject value = json.object("keyval");
    VerificationKey key;
    try {
      key = VerificationKey.parse(value.string("public"));
    } catch (UnusableKeyException e) {
      throw value.notAllowed("public", "a public key on P-256, P-384 or P-521 as PEM");
    }
    json.string("scheme", List.of(scheme(key)));
    if (!id.equals(id(key))) {
      throw new FormatException(
          FormatException.Reason.VALUE_NOT_ALLOWED,
          json.path(),
          "expected the key under its id " + id(key));
    }
    return key;
  }
}
