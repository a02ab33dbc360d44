package io.patchkit.examples;

import io.patchkit.onnx.judge.OnnxJudge;
import java.nio.file.Files;
import java.nio.file.Path;

/** Judges that a user names by their file. */
final class JudgeFiles {

  private JudgeFiles() {}

  /**
   * Opens a classifier; close it. With {@code NAME-vocab.json} beside it, {@code NAME.onnx} is a
   * graph from ids of words to {@code scores}, of which the first counts; without, one from a
   * string to {@code probabilities}, of which the second counts.
   */
  static OnnxJudge open(Path graph) {
    String name = graph.getFileName().toString().replaceAll("\\.onnx$", "");
    Path vocabulary = graph.resolveSibling(name + "-vocab.json");
    return Files.exists(vocabulary)
        ? OnnxJudge.openWords(name, graph, vocabulary, "scores", 0)
        : OnnxJudge.openStrings(name, graph, "probabilities", 1);
  }
}
