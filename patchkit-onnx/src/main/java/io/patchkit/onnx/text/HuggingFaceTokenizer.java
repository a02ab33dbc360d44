package io.patchkit.onnx.text;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.patchkit.CorruptModelException;
import io.patchkit.EngineException;
import io.patchkit.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The tokenizer of a model folder, run by the Hugging Face tokenizers library.
 *
 * <p>Truncation and padding are off, whatever {@code tokenizer.json} says: cutting a prompt is the
 * caller's decision. No cleaning up of spaces either, so that decoding gives back what was encoded.
 * Nothing here touches the network.
 *
 * <p>Thread-safe. Holds native memory until {@link #close()}, which waits for calls in flight; any
 * later use is an {@link IllegalStateException}.
 */
public final class HuggingFaceTokenizer implements Tokenizer, AutoCloseable {

  private final TokenizersLibrary library;
  private final TokenizerDefinition definition;
  private final SpecialTokens specialTokens;

  /** Held shared during a native call, exclusively to free the tokenizer. */
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  /** Address of the native tokenizer; 0 when closed. */
  private long handle;

  private HuggingFaceTokenizer(
      TokenizersLibrary library,
      long handle,
      TokenizerDefinition definition,
      SpecialTokens specialTokens) {
    this.library = library;
    this.handle = handle;
    this.definition = definition;
    this.specialTokens = specialTokens;
  }

  /**
   * Opens {@code tokenizer.json} and reads the names of special tokens beside it.
   *
   * @throws CorruptModelException if the file is missing or not a tokenizer
   * @throws EngineException if the native library does not load
   */
  public static HuggingFaceTokenizer open(Path modelFolder) {
    Path file = modelFolder.resolve("tokenizer.json");
    if (!Files.isRegularFile(file)) {
      throw new CorruptModelException(
          file + " is missing; expected the serialised tokenizer that Hugging Face models carry");
    }
    SpecialTokens specialTokens = SpecialTokens.load(modelFolder);
    byte[] bytes = ModelFiles.bytes(file);
    String json = ModelFiles.utf8(bytes, file);
    TokenizersLibrary library = NativeTokenizers.library();
    TokenizerDefinition definition;
    long handle;
    try {
      definition = TokenizerDefinition.parse(bytes);
      handle = library.createTokenizerFromString(json);
    } catch (IOException | RuntimeException e) {
      throw new CorruptModelException(
          file + " is not a tokenizer: " + e.getMessage() + "; fetch the model again", e);
    }
    library.disableTruncation(handle);
    library.disablePadding(handle);
    return new HuggingFaceTokenizer(library, handle, definition, specialTokens);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the text has half of a surrogate pair
   */
  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    requireWholeCharacters(text);
    long[] ids =
        call(
            tokenizer -> {
              long encoding = library.encode(tokenizer, text, addSpecialTokens);
              try {
                return library.getTokenIds(encoding);
              } finally {
                library.deleteEncoding(encoding);
              }
            });
    int[] tokens = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      tokens[i] = (int) ids[i];
    }
    return tokens;
  }

  @Override
  public int[] encodeContinuation(String text) {
    boolean doubled = text.length() > 1 && text.startsWith(" ") && doublesSpace();
    return encode(doubled ? text.substring(1) : text, false);
  }

  /** Whether a text with a space before it, encoded apart, reads as one with two. */
  private boolean doublesSpace() {
    int[] before = encode("a", false);
    int[] after = encode(" a", false);
    int[] both = Arrays.copyOf(before, before.length + after.length);
    System.arraycopy(after, 0, both, before.length, after.length);
    return decode(both).equals("a  a");
  }

  @Override
  public String decode(int[] tokens) {
    return decode(tokens, true);
  }

  /**
   * The text of these tokens. Ids above the vocabulary, which a padded output layer can produce,
   * contribute nothing.
   *
   * @param tokens each ≥ 0
   * @param skipSpecialTokens whether special tokens contribute nothing instead of their names
   */
  public String decode(int[] tokens, boolean skipSpecialTokens) {
    long[] ids = new long[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0) {
        throw new IllegalArgumentException(
            "tokens[" + i + "] is " + tokens[i] + "; expected an id of the vocabulary");
      }
      ids[i] = tokens[i];
    }
    return call(tokenizer -> library.decode(tokenizer, ids, skipSpecialTokens));
  }

  @Override
  public int vocabularySize() {
    return definition.size();
  }

  @Override
  public String fingerprint() {
    return definition.fingerprint();
  }

  /** The tokens that the model folder names for a purpose. */
  public SpecialTokens specialTokens() {
    return specialTokens;
  }

  /**
   * The id of a token that is never split and never made from other text, such as {@code
   * <|im_end|>}; empty if there is no such token.
   */
  public OptionalInt addedToken(String text) {
    return definition.addedToken(text);
  }

  /**
   * The tokens that have a meaning of their own and stand for no text: their ids by what they are
   * written as.
   */
  public Map<String, Integer> idsOfSpecialTokens() {
    return definition.specialTokens();
  }

  TokenizerDefinition definition() {
    return definition;
  }

  /** Frees the native tokenizer. Idempotent. */
  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (handle != 0) {
        library.deleteTokenizer(handle);
        handle = 0;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private interface NativeCall<T> {
    T apply(long tokenizer);
  }

  private <T> T call(NativeCall<T> call) {
    lock.readLock().lock();
    try {
      if (handle == 0) {
        throw new IllegalStateException("the tokenizer is closed");
      }
      return call.apply(handle);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The native side would silently turn half of a pair into three replacement characters. */
  private static void requireWholeCharacters(String text) {
    for (int i = 0; i < text.length(); ) {
      int character = text.codePointAt(i);
      if (Character.getType(character) == Character.SURROGATE) {
        throw new IllegalArgumentException(
            "text has half of a surrogate pair at index " + i + "; expected whole characters");
      }
      i += Character.charCount(character);
    }
  }
}
