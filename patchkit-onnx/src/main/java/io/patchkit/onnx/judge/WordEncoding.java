package io.patchkit.onnx.judge;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.patchkit.CorruptModelException;
import io.patchkit.PatchkitException;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Texts as ids of words, as Keras's {@code Tokenizer} and {@code pad_sequences} make them by
 * default: lower case, punctuation but the apostrophe read as spaces, words that have no id left
 * out, the last words kept and rows filled on the left with 0.
 *
 * @param input name
 * @param ids of words
 * @param width of a row, ≥ 1
 */
record WordEncoding(String input, Map<String, Integer> ids, int width) implements TextEncoding {

  /** Keras's default filters. */
  private static final String SEPARATORS = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n";

  WordEncoding {
    ids = Map.copyOf(ids);
  }

  /** Reads a JSON object from words to ids, Keras's {@code word_index}. */
  static Map<String, Integer> vocabulary(Path file) {
    try {
      JsonObject json = StrictJson.loadObject(file, JsonLimits.large());
      Map<String, Integer> ids = new HashMap<>();
      for (String word : json.names()) {
        ids.put(word, json.integer(word, 1, Integer.MAX_VALUE));
      }
      return ids;
    } catch (FormatException e) {
      throw new CorruptModelException(
          file + " is no vocabulary: expected an object from words to ids; " + e.getMessage(), e);
    } catch (IOException e) {
      throw new PatchkitException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void encode(OrtEnvironment environment, List<String> texts, Map<String, OnnxTensor> inputs)
      throws OrtException {
    long[] all = new long[texts.size() * width];
    for (int i = 0; i < texts.size(); i++) {
      List<Integer> row = words(texts.get(i));
      List<Integer> last = row.subList(Math.max(0, row.size() - width), row.size());
      int from = (i + 1) * width - last.size();
      for (int k = 0; k < last.size(); k++) {
        all[from + k] = last.get(k);
      }
    }
    long[] shape = {texts.size(), width};
    inputs.put(input, OnnxTensor.createTensor(environment, LongBuffer.wrap(all), shape));
  }

  private List<Integer> words(String text) {
    StringBuilder spaced = new StringBuilder(text.toLowerCase(Locale.ROOT));
    for (int i = 0; i < spaced.length(); i++) {
      if (SEPARATORS.indexOf(spaced.charAt(i)) >= 0) {
        spaced.setCharAt(i, ' ');
      }
    }
    List<Integer> words = new ArrayList<>();
    for (String word : spaced.toString().split(" ", -1)) {
      Integer id = ids.get(word);
      if (id != null) {
        words.add(id);
      }
    }
    return words;
  }

  @Override
  public void close() {
    // Holds nothing.
  }
}
