package io.patchkit.train;

import io.patchkit.BaseModel;
import io.patchkit.ChatMessage;
import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.ModelShape;
import io.patchkit.Prefix;
import io.patchkit.Prompt;
import io.patchkit.SoftPrompt;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A language model small enough to differentiate by hand: embeddings, one layer of causal attention
 * without positions, a residual, an output projection. In doubles; the letters a … i and the end of
 * a turn are its vocabulary.
 */
class TinyModel implements DifferentiableModel {

  static final int VOCABULARY = 10;
  static final int END = 9;
  static final int HIDDEN = 6;
  static final int HEADS = 2;
  static final int HEAD_DIM = 3;

  private final String fingerprint;
  private final double[][] embedding;
  private final double[][] query;
  private final double[][] key;
  private final double[][] value;
  private final double[][] output;
  private final double[][] unembedding;

  TinyModel(long seed) {
    Random random = new Random(seed);
    fingerprint = "%064x".formatted(seed);
    embedding = normal(random, VOCABULARY, HIDDEN, 1);
    query = normal(random, HEADS * HEAD_DIM, HIDDEN, 0.6);
    key = normal(random, HEADS * HEAD_DIM, HIDDEN, 0.6);
    value = normal(random, HEADS * HEAD_DIM, HIDDEN, 0.6);
    output = normal(random, HIDDEN, HEADS * HEAD_DIM, 0.8);
    unembedding = normal(random, VOCABULARY, HIDDEN, 0.8);
  }

  /** What the tokens may attend to, position by position: keys and values [heads · headDim]. */
  private record Memory(List<double[]> keys, List<double[]> values) {}

  @Override
  public BaseModel base() {
    return new BaseModel("tiny", List.of(fingerprint), null, HIDDEN, 1, HEADS, HEAD_DIM);
  }

  @Override
  public ModelShape shape() {
    return new ModelShape(HIDDEN, 1, HEADS, HEAD_DIM, VOCABULARY, 64, 1);
  }

  @Override
  public String runtime() {
    return "java doubles";
  }

  @Override
  public int[] encode(Prompt prompt) {
    if (prompt instanceof Prompt.Tokens tokens) {
      return tokens.ids();
    }
    if (prompt instanceof Prompt.Text text) {
      return letters(text.text());
    }
    StringBuilder all = new StringBuilder();
    for (ChatMessage message : ((Prompt.Chat) prompt).messages()) {
      all.append(message.content());
    }
    return letters(all.toString());
  }

  @Override
  public int[] encodeAnswer(String answer, boolean complete) {
    int[] letters = letters(answer);
    return complete
        ? IntStream.concat(IntStream.of(letters), IntStream.of(END)).toArray()
        : letters;
  }

  static int[] letters(String text) {
    return text.chars().map(c -> c - 'a').toArray();
  }

  @Override
  public float[] embeddings(int[] tokens) {
    float[] rows = new float[tokens.length * HIDDEN];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) embedding[tokens[i / HIDDEN]][i % HIDDEN];
    }
    return rows;
  }

  @Override
  public KeyValuePrefix keyValues(int[] tokens) {
    float[] rows = new float[tokens.length * 2 * HEADS * HEAD_DIM];
    int next = 0;
    for (int token : tokens) {
      for (double number : times(key, embedding[token])) {
        rows[next++] = (float) number;
      }
      for (double number : times(value, embedding[token])) {
        rows[next++] = (float) number;
      }
    }
    return KeyValuePrefix.of(1, HEADS, HEAD_DIM, rows);
  }

  @Override
  public RowLogProbabilities logProbabilities(@Nullable Prefix prefix, List<TrainingRow> rows) {
    List<double[]> found = new ArrayList<>();
    for (TrainingRow row : rows) {
      double[][] all = forward(memory(prefix), row.tokens());
      double[] targets = new double[row.targets()];
      for (int i = 0; i < targets.length; i++) {
        double[] logProbabilities = all[row.position(i) - 1];
        targets[i] =
            row.id(i) == TrainingRow.REST
                ? Math.log(rest(row, row.position(i), logProbabilities))
                : logProbabilities[row.id(i)];
      }
      found.add(targets);
    }
    return RowLogProbabilities.of(found);
  }

  @Override
  public Gradient gradient(Prefix prefix, List<TrainingRow> rows) {
    double[] sum = new double[TrainingState.numbers(prefix).length];
    for (TrainingRow row : rows) {
      backward(prefix, row, sum);
    }
    float[] values = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      values[i] = (float) sum[i];
    }
    return Gradient.of(logProbabilities(prefix, rows), values);
  }

  @Override
  public List<TopLogProbabilities> topLogProbabilities(
      @Nullable Prefix prefix, List<AnswerTokens> rows, int k) {
    return rows.stream()
        .map(row -> topLogProbabilities(prefix, row.tokens(), row.firstPosition(), k))
        .toList();
  }

  TopLogProbabilities topLogProbabilities(
      @Nullable Prefix prefix, int[] tokens, int firstPosition, int k) {
    double[][] all = forward(memory(prefix), tokens);
    List<int[]> ids = new ArrayList<>();
    List<double[]> logProbabilities = new ArrayList<>();
    for (int position = firstPosition; position < tokens.length; position++) {
      double[] row = all[position - 1];
      int[] best =
          IntStream.range(0, VOCABULARY)
              .boxed()
              .sorted((a, b) -> Double.compare(row[b], row[a]))
              .limit(k)
              .mapToInt(Integer::intValue)
              .toArray();
      ids.add(best);
      logProbabilities.add(IntStream.of(best).mapToDouble(id -> row[id]).toArray());
    }
    return TopLogProbabilities.of(ids, logProbabilities);
  }

  @Override
  public void close() {}

  /** log p of every id after every token, [tokens][vocabulary]. */
  private double[][] forward(Memory memory, int[] tokens) {
    double[][] logProbabilities = new double[tokens.length][];
    for (int t = 0; t < tokens.length; t++) {
      double[] x = remember(memory, tokens[t]);
      double[] y = x.clone();
      addTo(y, times(output, attend(memory, x)));
      logProbabilities[t] = logSoftmax(times(unembedding, y));
    }
    return logProbabilities;
  }

  /** Adds dJ/dprefix of one row. */
  private void backward(Prefix prefix, TrainingRow row, double[] sum) {
    Memory memory = memory(prefix);
    int[] tokens = row.tokens();
    for (int t = 0; t < tokens.length; t++) {
      double[] x = remember(memory, tokens[t]);
      double[] y = x.clone();
      addTo(y, times(output, attend(memory, x)));
      double[] p = logSoftmax(times(unembedding, y));
      double[] dLogits = new double[VOCABULARY];
      for (int i = 0; i < row.targets(); i++) {
        if (row.position(i) - 1 == t) {
          for (int id = 0; id < VOCABULARY; id++) {
            dLogits[id] += row.weight(i) * (dLogTarget(row, i, id, p) - Math.exp(p[id]));
          }
        }
      }
      double[] dAttended = timesTransposed(output, timesTransposed(unembedding, dLogits));
      backwardAttention(prefix, memory, x, dAttended, sum);
    }
  }

  /** d log(p of the target, unnormalised) / d logit. */
  private static double dLogTarget(TrainingRow row, int target, int id, double[] p) {
    if (row.id(target) != TrainingRow.REST) {
      return id == row.id(target) ? 1 : 0;
    }
    int position = row.position(target);
    return isRest(row, position, id) ? Math.exp(p[id]) / rest(row, position, p) : 0;
  }

  private static double rest(TrainingRow row, int position, double[] logProbabilities) {
    double sum = 0;
    for (int id = 0; id < VOCABULARY; id++) {
      sum += isRest(row, position, id) ? Math.exp(logProbabilities[id]) : 0;
    }
    return sum;
  }

  private static boolean isRest(TrainingRow row, int position, int id) {
    return IntStream.range(0, row.targets())
        .noneMatch(i -> row.position(i) == position && row.id(i) == id);
  }

  private void backwardAttention(
      Prefix prefix, Memory memory, double[] x, double[] dAttended, double[] sum) {
    double[] q = times(query, x);
    for (int head = 0; head < HEADS; head++) {
      double[] share = shares(memory, q, head);
      double[] dShare = new double[share.length];
      double mean = 0;
      for (int j = 0; j < share.length; j++) {
        for (int d = head * HEAD_DIM; d < (head + 1) * HEAD_DIM; d++) {
          dShare[j] += dAttended[d] * memory.values.get(j)[d];
        }
        mean += share[j] * dShare[j];
      }
      for (int j = 0; j < prefix.length(); j++) {
        double[] dKey = new double[HEADS * HEAD_DIM];
        double[] dValue = new double[HEADS * HEAD_DIM];
        for (int d = head * HEAD_DIM; d < (head + 1) * HEAD_DIM; d++) {
          dKey[d] = share[j] * (dShare[j] - mean) * q[d] / Math.sqrt(HEAD_DIM);
          dValue[d] = share[j] * dAttended[d];
        }
        addToPrefix(prefix, j, dKey, dValue, sum);
      }
    }
  }

  private void addToPrefix(
      Prefix prefix, int position, double[] dKey, double[] dValue, double[] sum) {
    if (prefix instanceof SoftPrompt) {
      double[] dRow = timesTransposed(key, dKey);
      addTo(dRow, timesTransposed(value, dValue));
      for (int i = 0; i < HIDDEN; i++) {
        sum[position * HIDDEN + i] += dRow[i];
      }
    } else {
      int width = HEADS * HEAD_DIM;
      for (int i = 0; i < width; i++) {
        sum[(2 * position) * width + i] += dKey[i];
        sum[(2 * position + 1) * width + i] += dValue[i];
      }
    }
  }

  private Memory memory(@Nullable Prefix prefix) {
    Memory memory = new Memory(new ArrayList<>(), new ArrayList<>());
    if (prefix instanceof SoftPrompt soft) {
      if (soft.space() != EmbeddingSpace.LAYER_INPUT) {
        throw new IllegalArgumentException("space is " + soft.space());
      }
      for (int j = 0; j < soft.length(); j++) {
        double[] row = new double[HIDDEN];
        for (int i = 0; i < HIDDEN; i++) {
          row[i] = soft.rows()[j * HIDDEN + i];
        }
        memory.keys.add(times(key, row));
        memory.values.add(times(value, row));
      }
    } else if (prefix instanceof KeyValuePrefix keyValue) {
      float[] rows = keyValue.rows();
      int width = HEADS * HEAD_DIM;
      for (int j = 0; j < keyValue.length(); j++) {
        double[] k = new double[width];
        double[] v = new double[width];
        for (int i = 0; i < width; i++) {
          k[i] = rows[(2 * j) * width + i];
          v[i] = rows[(2 * j + 1) * width + i];
        }
        memory.keys.add(k);
        memory.values.add(v);
      }
    }
    return memory;
  }

  private double[] remember(Memory memory, int token) {
    double[] x = embedding[token];
    memory.keys.add(times(key, x));
    memory.values.add(times(value, x));
    return x;
  }

  private double[] attend(Memory memory, double[] x) {
    double[] q = times(query, x);
    double[] attended = new double[HEADS * HEAD_DIM];
    for (int head = 0; head < HEADS; head++) {
      double[] share = shares(memory, q, head);
      for (int j = 0; j < share.length; j++) {
        for (int d = head * HEAD_DIM; d < (head + 1) * HEAD_DIM; d++) {
          attended[d] += share[j] * memory.values.get(j)[d];
        }
      }
    }
    return attended;
  }

  private static double[] shares(Memory memory, double[] q, int head) {
    double[] scores = new double[memory.keys.size()];
    for (int j = 0; j < scores.length; j++) {
      for (int d = head * HEAD_DIM; d < (head + 1) * HEAD_DIM; d++) {
        scores[j] += q[d] * memory.keys.get(j)[d] / Math.sqrt(HEAD_DIM);
      }
    }
    double[] logShares = logSoftmax(scores);
    for (int j = 0; j < scores.length; j++) {
      logShares[j] = Math.exp(logShares[j]);
    }
    return logShares;
  }

  private static double[] logSoftmax(double[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - max);
    }
    double[] result = new double[logits.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = logits[i] - max - Math.log(sum);
    }
    return result;
  }

  private static double[][] normal(Random random, int rows, int columns, double std) {
    double[][] matrix = new double[rows][columns];
    for (double[] row : matrix) {
      for (int i = 0; i < columns; i++) {
        row[i] = std * random.nextGaussian();
      }
    }
    return matrix;
  }

  private static double[] times(double[][] matrix, double[] vector) {
    double[] product = new double[matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < vector.length; j++) {
        product[i] += matrix[i][j] * vector[j];
      }
    }
    return product;
  }

  private static double[] timesTransposed(double[][] matrix, double[] vector) {
    double[] product = new double[matrix[0].length];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < product.length; j++) {
        product[j] += matrix[i][j] * vector[i];
      }
    }
    return product;
  }

  private static void addTo(double[] sum, double[] summand) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += summand[i];
    }
  }
}
