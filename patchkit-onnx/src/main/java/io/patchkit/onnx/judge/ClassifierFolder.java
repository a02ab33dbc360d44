package io.patchkit.onnx.judge;

import io.patchkit.CorruptModelException;
import io.patchkit.PatchkitException;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a Hugging Face folder says of a classifier.
 *
 * @param graph the ONNX file
 * @param label index of the label that is asked for
 * @param score how its score is computed
 * @param maxTokens of a text
 * @param padding id that fills rows
 */
record ClassifierFolder(Path graph, int label, LabelScore score, int maxTokens, int padding) {

  private static final int MOST_TOKENS = 512;

  static ClassifierFolder read(Path folder, String label) {
    Path config = folder.resolve("config.json");
    if (!Files.isRegularFile(config)) {
      throw new CorruptModelException(
          config + " is missing; expected the configuration that Hugging Face models carry");
    }
    try {
      JsonObject json = StrictJson.loadObject(config, JsonLimits.large());
      JsonObject labels = json.object("id2label");
      String problem = json.optionalString("problem_type");
      Integer positions = json.optionalInteger("max_position_embeddings", 2, Integer.MAX_VALUE);
      Integer padding = json.optionalInteger("pad_token_id", 0, Integer.MAX_VALUE);
      boolean several = labels.names().size() == 1 || "multi_label_classification".equals(problem);
      return new ClassifierFolder(
          graph(folder),
          index(config, labels, label),
          several ? LabelScore.SIGMOID : LabelScore.SOFTMAX,
          positions == null ? MOST_TOKENS : Math.min(MOST_TOKENS, positions),
          padding == null ? 0 : padding);
    } catch (FormatException e) {
      throw new CorruptModelException(config + " is malformed: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new PatchkitException("cannot read " + config + ": " + e.getMessage(), e);
    }
  }

  private static int index(Path config, JsonObject labels, String label) {
    for (String index : labels.names()) {
      if (labels.string(index).equals(label) && index.matches("\\d{1,6}")) {
        return Integer.parseInt(index);
      }
    }
    throw new IllegalArgumentException(
        "label is '" + label + "'; " + config + " has the labels " + labels);
  }

  private static Path graph(Path folder) {
    List<String> names = List.of("model.onnx", "onnx/model.onnx");
    for (String name : names) {
      if (Files.isRegularFile(folder.resolve(name))) {
        return folder.resolve(name);
      }
    }
    throw new CorruptModelException(
        folder + " has no graph; expected the file " + String.join(" or ", names));
  }
}
