package io.patchkit.onnx.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.patchkit.CorruptModelException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The tokens that a model folder names for a purpose, in {@code tokenizer_config.json} or else in
 * {@code special_tokens_map.json}. Immutable.
 *
 * @param byName the token's text by its name, such as {@code "</s>"} by {@code eos_token}
 */
public record SpecialTokens(Map<String, String> byName) {

  public SpecialTokens {
    byName = Map.copyOf(byName);
  }

  /** The token that begins a text, if the model has one. */
  public Optional<String> bos() {
    return Optional.ofNullable(byName.get("bos_token"));
  }

  /** The token that ends a text, if the model has one. */
  public Optional<String> eos() {
    return Optional.ofNullable(byName.get("eos_token"));
  }

  /** The token that fills rows of a batch, if the model has one. */
  public Optional<String> pad() {
    return Optional.ofNullable(byName.get("pad_token"));
  }

  /**
   * Reads what the folder says; both files may be absent.
   *
   * @throws CorruptModelException if one of them is not a JSON object or an entry is not a token
   */
  public static SpecialTokens load(Path modelFolder) {
    Map<String, String> byName = new LinkedHashMap<>();
    collect(ModelFiles.json(modelFolder, "special_tokens_map.json"), byName);
    // The configuration is the newer of the two files and wins, also where it says null.
    collect(ModelFiles.json(modelFolder, "tokenizer_config.json"), byName);
    return new SpecialTokens(byName);
  }

  private static void collect(Optional<JsonNode> file, Map<String, String> byName) {
    if (file.isEmpty()) {
      return;
    }
    for (Map.Entry<String, JsonNode> entry : file.get().properties()) {
      String name = entry.getKey();
      // Neither a list (additional_special_tokens) nor a flag (add_bos_token).
      if (!name.endsWith("_token") || entry.getValue().isBoolean()) {
        continue;
      }
      JsonNode value = entry.getValue();
      JsonNode content = value.isObject() ? value.path("content") : value;
      if (value.isNull()) {
        byName.remove(name);
      } else if (content.isTextual()) {
        byName.put(name, content.textValue());
      } else {
        throw new CorruptModelException(
            name + " is " + value + "; expected a text or an object with a text 'content'");
      }
    }
  }
}
