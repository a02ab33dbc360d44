package io.patchkit.onnx.judge;

import io.patchkit.evaluate.Exchange;
import io.patchkit.evaluate.Judge;
import io.patchkit.evaluate.JudgeId;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A text classifier in ONNX as a judge: the score is the probability of one of its labels. It sees
 * the response alone, or after {@link #withPrompts} the prompt, a line feed and the response. Its
 * version is the beginning of a SHA-256 over all that decides its scores: graph and weights, the
 * output and label that are read, and the tokenizer and configuration, or the vocabulary.
 *
 * <p>Thread-safe. Whoever opens it closes it; the judges that {@link #withPrompts} makes of it end
 * with it. A closed judge answers with {@link IllegalStateException}.
 */
public final class OnnxJudge implements Judge, AutoCloseable {

  private final JudgeId id;
  private final Set<String> names;
  private final Classifier classifier;
  private final Function<Exchange, String> text;

  private OnnxJudge(
      JudgeId id, Set<String> names, Classifier classifier, Function<Exchange, String> text) {
    this.id = id;
    this.names = Set.copyOf(names);
    this.classifier = classifier;
    this.text = text;
  }

  /**
   * Opens what Hugging Face exports for sequence classification: {@code model.onnx}, {@code
   * tokenizer.json} and {@code config.json}.
   *
   * @param name of the judge, for the report
   * @param label one of the configuration's {@code id2label}
   * @throws io.patchkit.CorruptModelException if a file is missing or malformed
   * @throws io.patchkit.UnsupportedModelException if the graph takes or gives something else
   */
  public static OnnxJudge openFolder(String name, Path folder, String label) {
    ClassifierFolder read = ClassifierFolder.read(folder, label);
    JudgeId id =
        new JudgeId(
            name,
            JudgeVersion.of(
                read.graph(),
                Classifier.LOGITS,
                read.label(),
                read.score(),
                List.of(folder.resolve("tokenizer.json"), folder.resolve("config.json"))));
    return of(id, Classifier.ofTokens(read, HuggingFaceTokenizer.open(folder)));
  }

  /**
   * Opens a graph with one string input, [rows] or [rows, 1], and an output of probabilities.
   *
   * @param name of the judge, for the report
   * @param output name of the output, [rows, labels], such as {@code probabilities}
   * @param label column of the label that is scored
   * @throws io.patchkit.UnsupportedModelException if the graph takes or gives something else
   */
  public static OnnxJudge openStrings(String name, Path graph, String output, int label) {
    JudgeId id = id(name, graph, output, label, List.of());
    return of(id, Classifier.ofStrings(graph, output, label));
  }

  /**
   * Opens a graph over the words of a text, such as Keras models are converted to: one input of
   * ids, [rows, width], made as Keras's {@code Tokenizer} and {@code pad_sequences} make them by
   * default, and an output of probabilities.
   *
   * @param name of the judge, for the report
   * @param vocabulary a JSON object from words to ids ({@code word_index}); words that it lacks are
   *     passed over, so leave out what is beyond the graph's {@code num_words}
   * @param output name of the output, [rows, labels]
   * @param label column of the label that is scored
   * @throws io.patchkit.CorruptModelException if the vocabulary is malformed
   * @throws io.patchkit.UnsupportedModelException if the graph takes or gives something else
   */
  public static OnnxJudge openWords(
      String name, Path graph, Path vocabulary, String output, int label) {
    JudgeId id = id(name, graph, output, label, List.of(vocabulary));
    return of(id, Classifier.ofWords(graph, WordEncoding.vocabulary(vocabulary), output, label));
  }

  private static JudgeId id(String name, Path graph, String output, int label, List<Path> others) {
    return new JudgeId(name, JudgeVersion.of(graph, output, label, LabelScore.PROBABILITY, others));
  }

  private static OnnxJudge of(JudgeId id, Classifier classifier) {
    return new OnnxJudge(id, Set.of(id.name()), classifier, Exchange::response);
  }

  /** A judge that also sees what the response responds to. Shares this one's session. */
  public OnnxJudge withPrompts() {
    String name = id.name() + " with prompt";
    Set<String> both = new TreeSet<>(names);
    both.add(name);
    return new OnnxJudge(
        new JudgeId(name, id.version()),
        both,
        classifier,
        exchange -> exchange.prompt() + "\n" + exchange.response());
  }

  @Override
  public JudgeId id() {
    return id;
  }

  @Override
  public Set<String> names() {
    return names;
  }

  @Override
  public List<Double> scores(List<Exchange> exchanges) {
    List<String> texts = new ArrayList<>();
    for (Exchange exchange : exchanges) {
      texts.add(text.apply(exchange));
    }
    return classifier.scores(texts);
  }

  /** Frees the session once no call is in flight. Idempotent. */
  @Override
  public void close() {
    classifier.close();
  }
}
