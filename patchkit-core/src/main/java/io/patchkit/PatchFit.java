package io.patchkit;

import io.patchkit.IncompatiblePatchException.Mismatch;

/** Whether a patch agrees with itself, and with a model. */
final class PatchFit {

  private PatchFit() {}

  /** Refuses a base whose stated sizes are not those of the prefix. */
  static void requireShape(BaseModel base, Prefix prefix) {
    if (prefix instanceof SoftPrompt soft) {
      requireStated("hiddenSize", base.hiddenSize(), soft.hiddenSize());
    } else if (prefix instanceof KeyValuePrefix keyValue) {
      requireStated("layers", base.layers(), keyValue.layers());
      requireStated("keyValueHeads", base.keyValueHeads(), keyValue.keyValueHeads());
      requireStated("headDim", base.headDim(), keyValue.headDim());
    }
  }

  private static void requireStated(String field, int stated, int found) {
    if (stated != 0 && stated != found) {
      throw new IllegalArgumentException(
          "base." + field + " is " + stated + " but the prefix has " + found);
    }
  }

  /** The cheap checks come first: the fingerprint may have to read all weights. */
  static void requireFits(Patch patch, LanguageModel model) {
    BaseModel base = patch.manifest().base();
    ModelShape shape = model.shape();
    if (patch.prefix() instanceof SoftPrompt soft) {
      requireSize(patch, model, "hiddenSize", soft.hiddenSize(), shape.hiddenSize());
      requireSpace(patch, model, soft);
    } else if (patch.prefix() instanceof KeyValuePrefix keyValue) {
      requireSize(patch, model, "layers", keyValue.layers(), shape.layers());
      requireSize(patch, model, "keyValueHeads", keyValue.keyValueHeads(), shape.keyValueHeads());
      requireSize(patch, model, "headDim", keyValue.headDim(), shape.headDim());
    }
    requireSize(patch, model, "base.layers", base.layers(), shape.layers());
    requireSize(patch, model, "base.hiddenSize", base.hiddenSize(), shape.hiddenSize());
    requireSize(patch, model, "base.keyValueHeads", base.keyValueHeads(), shape.keyValueHeads());
    requireSize(patch, model, "base.headDim", base.headDim(), shape.headDim());
    String tokenizer = base.tokenizerFingerprint();
    if (tokenizer != null && !tokenizer.equals(model.tokenizer().fingerprint())) {
      throw new IncompatiblePatchException(
          Mismatch.TOKENIZER,
          patch.id()
              + " was made with another tokenizer: expected fingerprint "
              + tokenizer
              + ", but "
              + model.name()
              + " has "
              + model.tokenizer().fingerprint()
              + "; use the tokenizer.json that belongs to the patch's base, or, if you have"
              + " measured the patch with this one, give the patch's base its fingerprint"
              + " (withManifest)");
    }
    if (base.isVerified() && !base.fingerprints().contains(model.fingerprint())) {
      throw new IncompatiblePatchException(
          Mismatch.BASE_MODEL,
          patch.id()
              + " was made for "
              + base.name()
              + " with a fingerprint among "
              + base.fingerprints()
              + ", but "
              + model.name()
              + " has "
              + model.fingerprint()
              + "; if you have measured the patch on this export, add the fingerprint to the"
              + " patch's base (withManifest)");
    }
  }

  private static void requireSpace(Patch patch, LanguageModel model, SoftPrompt soft) {
    float scale = model.shape().embeddingScale();
    if (soft.space() == EmbeddingSpace.UNSPECIFIED && scale != 1) {
      throw new IncompatiblePatchException(
          Mismatch.EMBEDDING_SPACE,
          patch.id()
              + " does not say whether its rows are before or after the embedding scale "
              + scale
              + " of "
              + model.name()
              + "; load it with Patch.fromPeft(directory, TOKEN_TABLE) if transformers 4 trained"
              + " it on a model that scales in its forward pass, with LAYER_INPUT otherwise");
    }
  }

  private static void requireSize(
      Patch patch, LanguageModel model, String field, int expected, int found) {
    if (expected != 0 && expected != found) {
      throw new IncompatiblePatchException(
          Mismatch.SHAPE,
          patch.id()
              + " does not fit "
              + model.name()
              + ": "
              + field
              + " of the patch is "
              + expected
              + ", of the model "
              + found);
    }
  }
}
