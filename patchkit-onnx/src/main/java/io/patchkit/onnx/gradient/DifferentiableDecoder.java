package io.patchkit.onnx.gradient;

import ai.onnxruntime.OrtSession;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.Gradient;
import io.patchkit.train.RowLogProbabilities;
import io.patchkit.train.TopLogProbabilities;
import io.patchkit.train.TrainingRow;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A decoder that tells how its log-probabilities change with a prefix: the numbers behind {@link
 * io.patchkit.train.DifferentiableModel}.
 *
 * <p>Each question has a graph and a session of its own, made when it is first asked. All of them
 * read the decoder's weights where they lie, mapped into memory once.
 *
 * <p>Not thread-safe. Whoever opens it closes it.
 */
public final class DifferentiableDecoder implements AutoCloseable {

  /** The questions that need no gradient. */
  private enum Question {
    LOG_PROBABILITIES,
    LIKELIEST,
    KEY_VALUES
  }

  private final ModelFile file;
  private final GradientOptions options;
  private final Map<Question, PassSession> sessions = new EnumMap<>(Question.class);
  private final Map<PrefixKind, GradientSession> gradients = new EnumMap<>(PrefixKind.class);
  private @Nullable EmbeddingReader embeddings;
  private boolean isClosed;

  private DifferentiableDecoder(ModelFile file, GradientOptions options) {
    this.file = file;
    this.options = options;
  }

  /** Opens a decoder; nothing is built before the first question. */
  public static DifferentiableDecoder open(ModelFile file, GradientOptions options) {
    return new DifferentiableDecoder(file, options);
  }

  /**
   * The log-probability of each target, and dJ/dprefix of J = Σ weight · log p over all rows, in
   * the layout of the prefix's {@code rows()}.
   *
   * @throws io.patchkit.UnsupportedModelException if the decoder cannot be differentiated; the
   *     message names the operators
   * @throws io.patchkit.IncompatiblePatchException if the prefix does not fit the decoder
   */
  public Gradient gradient(Prefix prefix, List<TrainingRow> rows) {
    return session(prefix).gradient(prefix, rows);
  }

  GradientSession session(Prefix prefix) {
    requireOpen();
    PrefixKind kind = prefix instanceof SoftPrompt ? PrefixKind.SOFT_PROMPT : PrefixKind.KEY_VALUE;
    return gradients.computeIfAbsent(kind, key -> GradientSession.open(file, key, options));
  }

  /**
   * The log-probability of each target of each row.
   *
   * @param prefix null for the decoder without any
   */
  public RowLogProbabilities logProbabilities(@Nullable Prefix prefix, List<TrainingRow> rows) {
    PassSession session = session(Question.LOG_PROBABILITIES, () -> Pass.logProbabilities(file));
    List<double[]> logProbabilities = new ArrayList<>();
    for (List<TrainingRow> part : options.parts(rows)) {
      try (Batch batch = Batch.of(session.pass().inputs(), prefix, part);
          OrtSession.Result result = session.run(batch)) {
        logProbabilities.addAll(TargetTable.of(part).byRow(session.floats(result, 0)));
      }
    }
    return RowLogProbabilities.of(logProbabilities);
  }

  /**
   * The {@code k} likeliest tokens at each position of each row's answer, each given the tokens
   * before it.
   *
   * @param k 1 … vocabulary
   */
  public List<TopLogProbabilities> topLogProbabilities(
      @Nullable Prefix prefix, List<AnswerTokens> rows, int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k is " + k + "; allowed: at least 1");
    }
    PassSession session = session(Question.LIKELIEST, () -> Pass.likeliest(file));
    List<TopLogProbabilities> likeliest = new ArrayList<>();
    for (List<AnswerTokens> part : options.parts(rows)) {
      try (Batch batch = Batch.of(session.pass().inputs(), prefix, part, k);
          OrtSession.Result result = session.run(batch)) {
        float[] values = session.floats(result, 0);
        long[] ids = session.longs(result, 1);
        int from = 0;
        for (AnswerTokens row : part) {
          likeliest.add(likeliest(ids, values, from, row.answerLength(), k));
          from += row.answerLength() * k;
        }
      }
    }
    return likeliest;
  }

  private static TopLogProbabilities likeliest(
      long[] ids, float[] values, int from, int positions, int k) {
    List<int[]> idRows = new ArrayList<>();
    List<double[]> valueRows = new ArrayList<>();
    for (int position = 0; position < positions; position++) {
      int[] idRow = new int[k];
      double[] valueRow = new double[k];
      for (int i = 0; i < k; i++) {
        idRow[i] = (int) ids[from + position * k + i];
        valueRow[i] = values[from + position * k + i];
      }
      idRows.add(idRow);
      valueRows.add(valueRow);
    }
    return TopLogProbabilities.of(idRows, valueRows);
  }

  /** The keys and values that the layers keep of these tokens at positions 0, 1, … */
  public KeyValuePrefix keyValues(int[] tokens) {
    PassSession session = session(Question.KEY_VALUES, () -> Pass.keyValues(file));
    try (Batch batch = Batch.of(session.pass().inputs(), tokens);
        OrtSession.Result result = session.run(batch)) {
      int planes = session.pass().outputs().size();
      int heads = session.dim(result, 0, 1);
      int headDim = session.dim(result, 0, 3);
      PrefixLayout layout =
          new PrefixLayout(
              0,
              session.pass().outputs().stream()
                  .map(name -> new PrefixLayout.Plane(name, heads, headDim))
                  .toList());
      double[] rows = new double[planes * heads * tokens.length * headDim];
      for (int i = 0; i < planes; i++) {
        layout.addPlane(rows, i, session.floats(result, i), 0, tokens.length);
      }
      float[] values = new float[rows.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) rows[i];
      }
      return KeyValuePrefix.of(planes / 2, heads, headDim, values);
    }
  }

  /** The embeddings of tokens as the first layer receives them, row-major [tokens, hidden]. */
  public float[] embeddings(int[] tokens) {
    requireOpen();
    if (embeddings == null) {
      embeddings = EmbeddingReader.open(file);
    }
    return embeddings.read(tokens);
  }

  private PassSession session(Question question, Supplier<Pass> pass) {
    requireOpen();
    return sessions.computeIfAbsent(question, key -> PassSession.open(pass.get(), options));
  }

  private void requireOpen() {
    if (isClosed) {
      throw new IllegalStateException("this DifferentiableDecoder is closed");
    }
  }

  /** Releases all sessions. Idempotent. */
  @Override
  public void close() {
    isClosed = true;
    gradients.values().forEach(GradientSession::close);
    gradients.clear();
    sessions.values().forEach(PassSession::close);
    sessions.clear();
    if (embeddings != null) {
      embeddings.close();
      embeddings = null;
    }
  }
}
