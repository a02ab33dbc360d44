package io.patchkit.examples;

import io.patchkit.Prompt;
import io.patchkit.evaluate.EvaluationData;
import io.patchkit.evaluate.Item;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The beginnings of texts that a training example brings along, to be continued as plain text. */
final class TextLines {

  private TextLines() {}

  /** A file of the folder {@code data}. */
  static Path file(String folder, String name) {
    return Path.of(System.getProperty("patchkit.examples", "."), "data", folder, name);
  }

  /** The field {@code text} of each row. */
  static List<Prompt> prompts(Path file) {
    List<Prompt> prompts = new ArrayList<>();
    for (Item item : EvaluationData.read(file).items()) {
      prompts.add(Prompt.text(item.text("text")));
    }
    return prompts;
  }
}
