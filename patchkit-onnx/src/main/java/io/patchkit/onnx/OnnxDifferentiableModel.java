package io.patchkit.onnx;

import ai.onnxruntime.OrtEnvironment;
import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.ModelShape;
import io.patchkit.Prefix;
import io.patchkit.Prompt;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.gradient.Example;
import io.patchkit.onnx.gradient.GradientModel;
import io.patchkit.onnx.gradient.GradientOptions;
import io.patchkit.onnx.gradient.GradientStep;
import io.patchkit.onnx.gradient.Parametrisation;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.Gradient;
import io.patchkit.train.RowLogProbabilities;
import io.patchkit.train.TopLogProbabilities;
import io.patchkit.train.TrainingRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A running model together with its gradient graphs, one for each parametrisation, built when it is
 * first asked for.
 */
final class OnnxDifferentiableModel implements DifferentiableModel {

  private final OnnxModel model;
  private final LoadedModel loaded;
  private final Map<Parametrisation, GradientModel> gradients =
      new EnumMap<>(Parametrisation.class);
  private @Nullable BaseModel base;
  private boolean closed;

  OnnxDifferentiableModel(OnnxModel model) {
    this.model = model;
    this.loaded = model.loaded();
  }

  @Override
  public BaseModel base() {
    if (base == null) {
      base = BaseModel.of(model);
    }
    return base;
  }

  @Override
  public ModelShape shape() {
    return loaded.shape();
  }

  @Override
  public String runtime() {
    return "onnxruntime " + OrtEnvironment.getEnvironment().getVersion() + " cpu";
  }

  @Override
  public int[] encode(Prompt prompt) {
    return loaded.tokens(prompt);
  }

  @Override
  public int[] encodeAnswer(String answer, boolean complete) {
    int[] tokens = loaded.tokenizer().encode(answer, false);
    OptionalInt end = complete ? loaded.turnEnd() : OptionalInt.empty();
    if (end.isEmpty()) {
      return tokens;
    }
    int[] closed = Arrays.copyOf(tokens, tokens.length + 1);
    closed[tokens.length] = end.getAsInt();
    return closed;
  }

  @Override
  public float[] embeddings(int[] tokens) {
    return model.embeddings(tokens);
  }

  @Override
  public KeyValuePrefix keyValues(int[] tokens) {
    return loaded.engine().keyValues(tokens);
  }

  @Override
  public RowLogProbabilities logProbabilities(@Nullable Prefix prefix, List<TrainingRow> rows) {
    return logProbabilities(run(prefix, rows), rows);
  }

  @Override
  public Gradient gradient(Prefix prefix, List<TrainingRow> rows) {
    GradientStep step = run(prefix, rows);
    return Gradient.of(logProbabilities(step, rows), step.gradient());
  }

  private GradientStep run(@Nullable Prefix prefix, List<TrainingRow> rows) {
    List<Example> examples = new ArrayList<>();
    for (TrainingRow row : rows) {
      examples.add(example(row));
    }
    if (prefix instanceof SoftPrompt soft) {
      return gradients(Parametrisation.SOFT_PROMPT).run(examples, layerInput(soft));
    }
    float[] keyValues = prefix == null ? new float[0] : ((KeyValuePrefix) prefix).rows();
    return gradients(Parametrisation.KEY_VALUES).run(examples, keyValues);
  }

  private float[] layerInput(SoftPrompt soft) {
    if (soft.space() == EmbeddingSpace.TOKEN_TABLE && shape().embeddingScale() != 1) {
      throw new IllegalArgumentException(
          "the soft prompt lives in the space TOKEN_TABLE; allowed: LAYER_INPUT, multiply its rows"
              + " by the model's embeddingScale "
              + shape().embeddingScale());
    }
    return soft.rows();
  }

  private GradientModel gradients(Parametrisation parametrisation) {
    if (closed) {
      throw new IllegalStateException("the differentiable model is closed");
    }
    return gradients.computeIfAbsent(
        parametrisation,
        kind -> GradientModel.open(loaded.graph(), kind, GradientOptions.defaults()));
  }

  /** Targets at one position become one position with several targets. */
  private static Example example(TrainingRow row) {
    List<Integer> starts = new ArrayList<>();
    for (int i = 0; i < row.targets(); i++) {
      if (i == 0 || row.position(i) != row.position(i - 1)) {
        starts.add(i);
      }
    }
    int[] positions = new int[starts.size()];
    int[][] ids = new int[starts.size()][];
    float[][] weights = new float[starts.size()][];
    for (int p = 0; p < positions.length; p++) {
      int from = starts.get(p);
      int to = p + 1 < positions.length ? starts.get(p + 1) : row.targets();
      positions[p] = row.position(from);
      ids[p] = new int[to - from];
      weights[p] = new float[to - from];
      for (int i = from; i < to; i++) {
        ids[p][i - from] = row.id(i);
        weights[p][i - from] = (float) row.weight(i);
      }
    }
    return new Example(row.tokens(), positions, ids, weights);
  }

  private static RowLogProbabilities logProbabilities(GradientStep step, List<TrainingRow> rows) {
    List<double[]> all = new ArrayList<>();
    for (int r = 0; r < rows.size(); r++) {
      double[] flat = new double[rows.get(r).targets()];
      int next = 0;
      for (float[] position : step.logProbabilities(r)) {
        for (float logProbability : position) {
          flat[next++] = logProbability;
        }
      }
      all.add(flat);
    }
    return RowLogProbabilities.of(all);
  }

  @Override
  public TopLogProbabilities topLogProbabilities(
      @Nullable Prefix prefix, int[] tokens, int firstPosition, int k) {
    List<int[]> ids = new ArrayList<>();
    List<double[]> logProbabilities = new ArrayList<>();
    int vocabulary = shape().vocabularySize();
    loaded
        .engine()
        .predict(
            prefix,
            tokens,
            tokens.length - firstPosition,
            (position, logits, offset) -> {
              TopTokens top = TopTokens.of(logits, offset, vocabulary, k);
              ids.add(top.ids());
              logProbabilities.add(top.logProbabilities());
            });
    return TopLogProbabilities.of(ids, logProbabilities);
  }

  /** Frees the gradient graphs; the model stays open. */
  @Override
  public void close() {
    closed = true;
    gradients.values().forEach(GradientModel::close);
    gradients.clear();
  }
}
