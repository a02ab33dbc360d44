package io.patchkit;

import io.patchkit.format.DType;
import io.patchkit.format.JsonObject;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A learned prefix and what it says of itself. Immutable and thread-safe; it holds no native memory
 * and belongs to no model.
 *
 * <p>On disk a patch is a directory that is also a Hugging Face PEFT adapter; {@code
 * docs/patch-format.md} is its specification.
 */
public final class Patch {

  private final PatchManifest manifest;
  private final Prefix prefix;
  private final Map<PatchDocument, JsonObject> documents;

  private Patch(PatchManifest manifest, Prefix prefix, Map<PatchDocument, JsonObject> documents) {
    this.manifest = manifest;
    this.prefix = prefix;
    this.documents = documents;
  }

  /**
   * A patch from its parts.
   *
   * @throws IllegalArgumentException if the manifest's base states sizes that the prefix has not
   */
  public static Patch of(PatchManifest manifest, Prefix prefix) {
    Objects.requireNonNull(manifest, "manifest");
    Objects.requireNonNull(prefix, "prefix");
    PatchFit.requireShape(manifest.base(), prefix);
    return new Patch(manifest, prefix, Map.of());
  }

  /**
   * Reads a patch directory in full and checks it against its manifest.
   *
   * @throws CorruptPatchException if a file is missing, damaged, too large, or not what {@code
   *     patch.json} says
   */
  public static Patch load(Path directory) {
    return PatchDirectory.load(directory);
  }

  /**
   * Interprets the files of a patch directory that are already in memory, so that bytes which were
   * verified are the bytes that are used.
   *
   * @param files content by name: {@code patch.json} and exactly the files that it lists
   * @throws CorruptPatchException if a file is missing, damaged, not listed, or not what {@code
   *     patch.json} says
   */
  public static Patch parse(Map<String, byte[]> files) {
    return PatchDirectory.parse(files);
  }

  /**
   * Reads a PEFT prompt-tuning or prefix-tuning adapter that has no {@code patch.json}. Its name
   * and slot come from the directory's name, its version is 0.0.0, and its base is unverified: only
   * shapes are checked when it meets a model.
   *
   * <p>The embedding space is {@link EmbeddingSpace#UNSPECIFIED}; a model that scales its
   * embeddings refuses the patch until {@link #fromPeft(Path, EmbeddingSpace)} says which it is.
   *
   * @throws CorruptPatchException if a file is missing, damaged or of another adapter type
   */
  public static Patch fromPeft(Path directory) {
    return fromPeft(directory, EmbeddingSpace.UNSPECIFIED);
  }

  /**
   * Like {@link #fromPeft(Path)}, with the space in which the adapter was trained: {@link
   * EmbeddingSpace#TOKEN_TABLE} for Gemma and Gemma 2 under transformers 4, {@link
   * EmbeddingSpace#LAYER_INPUT} under transformers 5. Models without a scale take any.
   */
  public static Patch fromPeft(Path directory, EmbeddingSpace space) {
    return PatchDirectory.fromPeft(directory, space);
  }

  /**
   * A soft prompt made of the embeddings of a written instruction: the semantic initialisation of
   * the paper (arXiv 2511.08484), and the baseline "base model with a safety prompt". A text of
   * more tokens than the prefix is cut, one of fewer is repeated, as PEFT does. The description
   * quotes what was not cut.
   *
   * @param model the model whose embeddings are read
   * @param text the instruction
   * @param prefixLength number of virtual tokens, 1 … {@link Prefix#MAX_LENGTH}
   */
  public static Patch ofInstruction(LanguageModel model, String text, int prefixLength) {
    return ofInstruction(model, text, prefixLength, Clock.systemUTC());
  }

  /** Like {@link #ofInstruction(LanguageModel, String, int)}, created at the clock's time. */
  public static Patch ofInstruction(
      LanguageModel model, String text, int prefixLength, Clock clock) {
    if (prefixLength < 1 || prefixLength > Prefix.MAX_LENGTH) {
      throw new IllegalArgumentException(
          "prefixLength is " + prefixLength + "; allowed: 1 to " + Prefix.MAX_LENGTH);
    }
    int[] tokens = model.tokenizer().encode(text, false);
    if (tokens.length == 0) {
      throw new IllegalArgumentException("text has no tokens; allowed: a written instruction");
    }
    String used =
        tokens.length > prefixLength
            ? model.tokenizer().decode(Arrays.copyOf(tokens, prefixLength))
            : text;
    int[] fitted = new int[prefixLength];
    for (int i = 0; i < prefixLength; i++) {
      fitted[i] = tokens[i % tokens.length];
    }
    SoftPrompt prefix =
        SoftPrompt.of(
            model.shape().hiddenSize(), EmbeddingSpace.LAYER_INPUT, model.embeddings(fitted));
    PatchManifest manifest =
        PatchManifest.of(
                "instruction",
                new SemanticVersion(0, 0, 0, ""),
                BaseModel.of(model),
                clock.instant())
            .withDescription("The embeddings of: " + used);
    return new Patch(manifest, prefix, Map.of());
  }

  /** What the patch says of itself. */
  public PatchManifest manifest() {
    return manifest;
  }

  /** The learned numbers. */
  public Prefix prefix() {
    return prefix;
  }

  /** A document that lies beside the weights, null where there is none of the kind. */
  public @Nullable JsonObject document(PatchDocument kind) {
    return documents.get(kind);
  }

  /** The same patch with this document, in place of one of the kind. */
  public Patch withDocument(PatchDocument kind, JsonObject content) {
    Map<PatchDocument, JsonObject> changed = new EnumMap<>(PatchDocument.class);
    changed.putAll(documents);
    changed.put(kind, Objects.requireNonNull(content, "content"));
    return new Patch(manifest, prefix, Collections.unmodifiableMap(changed));
  }

  /** {@code name-version}. */
  public String id() {
    return manifest.name() + "-" + manifest.version();
  }

  /** The same prefix and documents under a changed manifest. */
  public Patch withManifest(UnaryOperator<PatchManifest> change) {
    return new Patch(of(change.apply(manifest), prefix).manifest, prefix, documents);
  }

  /** Writes the patch with 32-bit numbers; see {@link #save(Path, DType)}. */
  public void save(Path directory) {
    save(directory, DType.F32);
  }

  /**
   * Writes the patch directory. It appears whole or not at all.
   *
   * @param directory a place where nothing is yet, or an empty directory
   * @param storage the type of the stored numbers; 16 bits halve the file and round the numbers, so
   *     that a loaded patch may differ in its last digits
   * @throws IllegalArgumentException if the numbers are too large for the storage type, or a file
   *     would be longer than {@link #load} reads: 256 MiB of weights, 256 KiB of manifest with
   *     texts of at most 65,536 characters
   * @throws PatchkitException if the directory is not empty or cannot be written
   */
  public void save(Path directory, DType storage) {
    PatchDirectory.save(this, directory, storage);
  }

  /**
   * Puts a document into a patch directory that exists, in place of one of the kind, and lists its
   * digest; the weights are not touched. Whatever moment a crash picks, the directory loads. A
   * signature over the directory ends with the change: attach first, then sign.
   *
   * @throws IllegalArgumentException if the document would be longer than {@link #load} reads
   * @throws CorruptPatchException if the directory is no patch
   * @throws PatchkitException if it cannot be written
   */
  public static void attach(Path directory, PatchDocument kind, JsonObject content) {
    PatchDirectory.attach(directory, kind, content);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Patch that
        && manifest.equals(that.manifest)
        && prefix.equals(that.prefix)
        && documents.equals(that.documents);
  }

  @Override
  public int hashCode() {
    return Objects.hash(manifest, prefix, documents);
  }

  @Override
  public String toString() {
    return "Patch[" + id() + ", " + prefix + "]";
  }
}
