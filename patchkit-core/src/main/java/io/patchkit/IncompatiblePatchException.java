package io.patchkit;

import java.util.Objects;

/** A patch that is intact but was made for another model. */
public final class IncompatiblePatchException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  /** What does not fit. */
  public enum Mismatch {
    /** The base model's content differs from every fingerprint that the patch names. */
    BASE_MODEL,
    /** The tokenizer differs, so that text would become other tokens. */
    TOKENIZER,
    /** The prefix has another width, layer count or head shape than the model. */
    SHAPE,
    /**
     * The model scales its embeddings and the patch does not say on which side of the scale it is.
     */
    EMBEDDING_SPACE,
    /** The prefix alone fills the model's context. */
    CONTEXT
  }

  private final Mismatch mismatch;

  public IncompatiblePatchException(Mismatch mismatch, String message) {
    super(message);
    this.mismatch = Objects.requireNonNull(mismatch);
  }

  public IncompatiblePatchException(Mismatch mismatch, String message, Throwable cause) {
    super(message, cause);
    this.mismatch = Objects.requireNonNull(mismatch);
  }

  /** Which property of the patch does not fit the model. */
  public Mismatch mismatch() {
    return mismatch;
  }
}
