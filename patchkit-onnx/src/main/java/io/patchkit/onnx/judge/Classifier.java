package io.patchkit.onnx.judge;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.patchkit.EngineException;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.runtime.OnnxRuntime;
import io.patchkit.onnx.runtime.SessionSettings;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The session of a text classifier and the one owner of its life. Calls share it; a close waits for
 * those that are running. Thread-safe.
 */
final class Classifier implements AutoCloseable {

  /** The output of Hugging Face's exports. */
  static final String LOGITS = "logits";

  /** Texts of one pass, which bounds its memory. */
  private static final int BATCH = 16;

  private static final Set<OnnxJavaType> WHOLE_NUMBERS =
      Set.of(OnnxJavaType.INT64, OnnxJavaType.INT32);

  private final OrtSession session;
  private final TextEncoding encoding;
  private final String output;
  private final int label;
  private final LabelScore score;
  private final ReadWriteLock life = new ReentrantReadWriteLock();
  private boolean closed;

  private Classifier(
      OrtSession session, TextEncoding encoding, String output, int label, LabelScore score) {
    this.session = session;
    this.encoding = encoding;
    this.output = output;
    this.label = label;
    this.score = score;
  }

  /** Takes ownership of the tokenizer, also where opening fails. */
  static Classifier ofTokens(ClassifierFolder folder, HuggingFaceTokenizer tokenizer) {
    try {
      return open(
          folder.graph(),
          LOGITS,
          folder.label(),
          folder.score(),
          session -> tokens(session, tokenizer, folder));
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  static Classifier ofStrings(Path graph, String output, int label) {
    return open(graph, output, label, LabelScore.PROBABILITY, Classifier::strings);
  }

  static Classifier ofWords(Path graph, Map<String, Integer> vocabulary, String output, int label) {
    return open(
        graph, output, label, LabelScore.PROBABILITY, session -> words(session, vocabulary));
  }

  private static Classifier open(
      Path graph,
      String output,
      int label,
      LabelScore score,
      Function<OrtSession, TextEncoding> encoding) {
    OrtSession session = session(graph);
    try {
      requireLabel(graph, session, output, label);
      return new Classifier(session, encoding.apply(session), output, label, score);
    } catch (RuntimeException e) {
      close(session);
      throw e;
    }
  }

  /** One score in [0, 1] for each text. */
  List<Double> scores(List<String> texts) {
    List<Double> scores = new ArrayList<>();
    life.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the judge is closed");
      }
      for (int from = 0; from < texts.size(); from += BATCH) {
        addScores(texts.subList(from, Math.min(texts.size(), from + BATCH)), scores);
      }
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime cannot run the judge: " + e.getMessage(), e);
    } finally {
      life.readLock().unlock();
    }
    return scores;
  }

  private void addScores(List<String> texts, List<Double> scores) throws OrtException {
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try {
      encoding.encode(OnnxRuntime.environment(), texts, inputs);
      try (OrtSession.Result result = session.run(inputs, Set.of(output))) {
        for (float[] row : (float[][]) result.get(0).getValue()) {
          scores.add(score.of(row, label));
        }
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  @Override
  public void close() {
    life.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        encoding.close();
        close(session);
      }
    } finally {
      life.writeLock().unlock();
    }
  }

  private static TextEncoding tokens(
      OrtSession session, HuggingFaceTokenizer tokenizer, ClassifierFolder folder) {
    Set<String> known = Set.of(TokenEncoding.IDS, TokenEncoding.MASK, TokenEncoding.TYPES);
    Map<String, OnnxJavaType> types = new HashMap<>();
    infos(session, true)
        .forEach(
            (name, node) -> {
              TensorInfo info = tensor(node);
              if (info != null && WHOLE_NUMBERS.contains(info.type) && known.contains(name)) {
                types.put(name, info.type);
              }
            });
    if (!types.containsKey(TokenEncoding.IDS) || types.size() < session.getNumInputs()) {
      throw new UnsupportedModelException(
          folder.graph()
              + " has the inputs "
              + infos(session, true).values()
              + "; expected "
              + known
              + " or fewer, all of type INT64 or INT32");
    }
    return new TokenEncoding(tokenizer, Map.copyOf(types), folder.maxTokens(), folder.padding());
  }

  private static TextEncoding strings(OrtSession session) {
    String name = session.getInputNames().iterator().next();
    long[] shape =
        onlyInput(
            session,
            OnnxJavaType.STRING,
            found -> found.length == 1 || found.length == 2,
            "strings, [rows] or [rows, 1]");
    return new StringEncoding(name, shape.length == 2);
  }

  private static TextEncoding words(OrtSession session, Map<String, Integer> vocabulary) {
    String name = session.getInputNames().iterator().next();
    long[] shape =
        onlyInput(
            session,
            OnnxJavaType.INT64,
            found -> found.length == 2 && found[1] > 0,
            "64-bit integers, [rows, width], of a fixed width");
    return new WordEncoding(name, vocabulary, Math.toIntExact(shape[1]));
  }

  /** The shape of the one input that the graph must have. */
  private static long[] onlyInput(
      OrtSession session, OnnxJavaType type, Predicate<long[]> fits, String expected) {
    Collection<NodeInfo> inputs = infos(session, true).values();
    TensorInfo info = inputs.size() == 1 ? tensor(inputs.iterator().next()) : null;
    if (info == null || info.type != type || !fits.test(info.getShape())) {
      throw new UnsupportedModelException(
          "the graph has the inputs " + inputs + "; expected one of " + expected);
    }
    return info.getShape();
  }

  private static void requireLabel(Path graph, OrtSession session, String output, int label) {
    TensorInfo info = tensor(infos(session, false).get(output));
    if (info == null || info.type != OnnxJavaType.FLOAT || info.getShape().length != 2) {
      throw new UnsupportedModelException(
          graph
              + " has the outputs "
              + infos(session, false).values()
              + "; expected floats [rows, labels] called "
              + output);
    }
    long labels = info.getShape()[1];
    if (label < 0 || (labels > 0 && label >= labels)) {
      throw new IllegalArgumentException(
          "label is " + label + "; " + graph + " has the labels 0 to " + (labels - 1));
    }
  }

  private static @Nullable TensorInfo tensor(@Nullable NodeInfo node) {
    return node != null && node.getInfo() instanceof TensorInfo info ? info : null;
  }

  private static Map<String, NodeInfo> infos(OrtSession session, boolean inputs) {
    try {
      return inputs ? session.getInputInfo() : session.getOutputInfo();
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime cannot describe the graph: " + e, e);
    }
  }

  private static OrtSession session(Path graph) {
    try (OrtSession.SessionOptions options = SessionSettings.quiet()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      return OnnxRuntime.environment().createSession(graph.toString(), options);
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime cannot load " + graph + ": " + e.getMessage(), e);
    }
  }

  private static void close(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime cannot close the judge: " + e.getMessage(), e);
    }
  }
}
