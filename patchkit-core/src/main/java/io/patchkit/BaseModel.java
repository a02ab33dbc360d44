package io.patchkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The model that a patch was made for, as far as the patch knows it. A size of 0 is not stated and
 * not checked.
 *
 * @param name for people, such as {@code SmolLM2-135M-Instruct}
 * @param fingerprints of the exports that the patch was made for or measured on; empty for a patch
 *     whose base is unverified
 * @param tokenizerFingerprint {@link Tokenizer#fingerprint} of the tokenizer, null where it is not
 *     known
 * @param hiddenSize width of an embedding, 0 where not stated
 * @param layers number of layers, 0 where not stated
 * @param keyValueHeads key/value heads of a layer, 0 where not stated
 * @param headDim width of a key or value, 0 where not stated
 */
public record BaseModel(
    String name,
    List<String> fingerprints,
    @Nullable String tokenizerFingerprint,
    int hiddenSize,
    int layers,
    int keyValueHeads,
    int headDim) {

  public BaseModel {
    Objects.requireNonNull(name, "name");
    fingerprints = List.copyOf(fingerprints);
    fingerprints.forEach(f -> requireFingerprint("fingerprints", f));
    if (tokenizerFingerprint != null) {
      requireFingerprint("tokenizerFingerprint", tokenizerFingerprint);
    }
    if (hiddenSize < 0 || layers < 0 || keyValueHeads < 0 || headDim < 0) {
      throw new IllegalArgumentException(
          "hiddenSize, layers, keyValueHeads, headDim are "
              + List.of(hiddenSize, layers, keyValueHeads, headDim)
              + "; allowed: at least 0 each, 0 where not stated");
    }
  }

  /** The base that a running model is. Reads the model's weights once to take their digest. */
  public static BaseModel of(LanguageModel model) {
    ModelShape shape = model.shape();
    return new BaseModel(
        model.name(),
        List.of(model.fingerprint()),
        model.tokenizer().fingerprint(),
        shape.hiddenSize(),
        shape.layers(),
        shape.keyValueHeads(),
        shape.headDim());
  }

  /** The same base under another name. */
  public BaseModel withName(String name) {
    return new BaseModel(
        name, fingerprints, tokenizerFingerprint, hiddenSize, layers, keyValueHeads, headDim);
  }

  /** The same base, and one export more that the patch was measured on. */
  public BaseModel withFingerprint(String fingerprint) {
    if (fingerprints.contains(fingerprint)) {
      return this;
    }
    List<String> all = new ArrayList<>(fingerprints);
    all.add(fingerprint);
    return new BaseModel(
        name, all, tokenizerFingerprint, hiddenSize, layers, keyValueHeads, headDim);
  }

  /** The same base with another tokenizer, null for any. */
  public BaseModel withTokenizerFingerprint(@Nullable String tokenizerFingerprint) {
    return new BaseModel(
        name, fingerprints, tokenizerFingerprint, hiddenSize, layers, keyValueHeads, headDim);
  }

  /** Whether the patch names the very weights it was made for. */
  public boolean isVerified() {
    return !fingerprints.isEmpty();
  }

  private static void requireFingerprint(String field, String found) {
    if (!found.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          field + " holds '" + found + "'; allowed: 64 lower-case hexadecimal digits (SHA-256)");
    }
  }
}
