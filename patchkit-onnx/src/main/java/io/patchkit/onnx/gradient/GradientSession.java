package io.patchkit.onnx.gradient;

import ai.onnxruntime.OrtSession;
import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.train.Gradient;
import io.patchkit.train.RowLogProbabilities;
import io.patchkit.train.TrainingRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A session over the gradient with respect to one kind of prefix. */
final class GradientSession implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(GradientSession.class.getName());

  /** Ten times what rounding and curvature make of right gradients; a lost layer is off by more. */
  static final double MAX_ERROR = 0.03;

  private final PassSession session;
  private final GradientOptions options;

  private GradientSession(PassSession session, GradientOptions options) {
    this.session = session;
    this.options = options;
  }

  /**
   * Opens the gradient of a decoder, from the cache where it was built before. What is newly built
   * is compared with finite differences once.
   *
   * @param kind SOFT_PROMPT or KEY_VALUE
   * @throws UnsupportedModelException if the decoder cannot be differentiated, or if what was built
   *     does not agree with finite differences
   */
  static GradientSession open(ModelFile file, PrefixKind kind, GradientOptions options) {
    PassCache cache = PassCache.of(file, options.cache());
    Pass known = cache.find(kind);
    Pass pass = known == null ? Pass.gradient(file, kind) : known;
    GradientSession opened = new GradientSession(PassSession.open(pass, options), options);
    if (known == null) {
      try {
        opened.check(file);
      } catch (RuntimeException e) {
        opened.close();
        throw e;
      }
      cache.put(kind, pass);
    }
    return opened;
  }

  private void check(ModelFile file) {
    List<TrainingRow> rows =
        List.of(
            TrainingRow.of(
                new int[] {3, 5, 7, 11, 13},
                new int[] {2, 3, 4, 5},
                new int[] {7, 11, 13, 2},
                new double[] {1, 1, 1, 1}),
            TrainingRow.of(
                new int[] {17, 4, 9}, new int[] {1, 2}, new int[] {4, 9}, new double[] {1, 1}));
    double error = directionalError(example(file), rows, 1);
    LOG.log(
        System.Logger.Level.DEBUG,
        () -> "Gradient and finite differences differ by " + error + " of the gradient's norm");
    if (!(error <= MAX_ERROR)) {
      throw new UnsupportedModelException(
          "Expected the gradient to agree with finite differences to "
              + MAX_ERROR
              + " of its norm, found "
              + error
              + "; this export cannot be trained on, please report it");
    }
  }

  /** How far gradient and finite differences are apart; see {@link DirectionalCheck}. */
  double directionalError(Prefix prefix, List<TrainingRow> rows, long seed) {
    return DirectionalCheck.relativeError(
        prefix, gradient(prefix, rows).values(), moved -> objectives(moved, rows), seed);
  }

  /** J of all rows after each prefix, all in one run. */
  private double[] objectives(List<Prefix> prefixes, List<TrainingRow> rows) {
    List<Prefix> prefixOfRow = new ArrayList<>();
    List<TrainingRow> repeated = new ArrayList<>();
    for (Prefix prefix : prefixes) {
      for (TrainingRow row : rows) {
        prefixOfRow.add(prefix);
        repeated.add(row);
      }
    }
    double[] objectives = new double[prefixes.size()];
    try (Batch batch = Batch.padded(session.pass().inputs(), prefixOfRow, repeated);
        OrtSession.Result result = session.run(batch)) {
      List<double[]> found = TargetTable.of(repeated).byRow(session.floats(result, 0));
      for (int i = 0; i < repeated.size(); i++) {
        for (int target = 0; target < repeated.get(i).targets(); target++) {
          objectives[i / rows.size()] += repeated.get(i).weight(target) * found.get(i)[target];
        }
      }
    }
    return objectives;
  }

  /** A prefix of three virtual tokens as large as real ones are. */
  private Prefix example(ModelFile file) {
    PrefixLayout layout = session.pass().inputs().prefix();
    if (layout.takesSoftPrompt()) {
      try (EmbeddingReader embeddings = EmbeddingReader.open(file)) {
        return SoftPrompt.of(
            layout.hidden(), EmbeddingSpace.LAYER_INPUT, embeddings.read(new int[] {6, 8, 10}));
      }
    }
    Random random = new Random(2);
    float[] numbers = new float[3 * layout.width()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) (0.5 * random.nextGaussian());
    }
    return KeyValuePrefix.of(layout.layers(), layout.heads(), layout.headDim(), numbers);
  }

  /** Log-probabilities of all targets, and the gradient in the layout of the prefix's rows. */
  Gradient gradient(Prefix prefix, List<TrainingRow> rows) {
    double[] sum = new double[size(prefix)];
    List<double[]> logProbabilities = new ArrayList<>();
    for (List<TrainingRow> part : options.parts(rows)) {
      try (Batch batch = Batch.of(session.pass().inputs(), prefix, part);
          OrtSession.Result result = session.run(batch)) {
        logProbabilities.addAll(TargetTable.of(part).byRow(session.floats(result, 0)));
        addGradients(result, prefix, batch.lines(), sum);
      }
    }
    float[] gradient = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      gradient[i] = (float) sum[i];
    }
    return Gradient.of(RowLogProbabilities.of(logProbabilities), gradient);
  }

  private static int size(Prefix prefix) {
    return prefix instanceof SoftPrompt soft
        ? soft.length() * soft.hiddenSize()
        : ((KeyValuePrefix) prefix).rows().length;
  }

  private void addGradients(OrtSession.Result result, Prefix prefix, int lines, double[] sum) {
    GraphInputs inputs = session.pass().inputs();
    for (int output = 1; output < session.pass().outputs().size(); output++) {
      float[] values = session.floats(result, output);
      int size = values.length / lines;
      for (int line = 0; line < lines; line++) {
        if (prefix instanceof SoftPrompt soft) {
          float scale = Batch.scale(inputs, soft);
          for (int i = 0; i < size; i++) {
            sum[i] += (double) scale * values[line * size + i];
          }
        } else {
          inputs.prefix().addPlane(sum, output - 1, values, line * size, prefix.length());
        }
      }
    }
  }

  @Override
  public void close() {
    session.close();
  }
}
