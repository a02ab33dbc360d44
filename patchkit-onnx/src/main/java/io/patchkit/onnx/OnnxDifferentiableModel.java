package io.patchkit.onnx;

import io.patchkit.BaseModel;
import io.patchkit.KeyValuePrefix;
import io.patchkit.ModelShape;
import io.patchkit.Prefix;
import io.patchkit.Prompt;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.gradient.DifferentiableDecoder;
import io.patchkit.onnx.gradient.GradientOptions;
import io.patchkit.onnx.runtime.OnnxRuntime;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.Gradient;
import io.patchkit.train.RowLogProbabilities;
import io.patchkit.train.TopLogProbabilities;
import io.patchkit.train.TrainingRow;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The numbers of a decoder that can be differentiated, and the texts of the model around it. */
final class OnnxDifferentiableModel implements DifferentiableModel {

  private final OnnxModel model;
  private final LoadedModel loaded;
  private final DifferentiableDecoder decoder;
  private final GradientOptions options;
  private @Nullable BaseModel base;

  /**
   * Takes ownership of the decoder, which was opened with the options; the model stays its owner's.
   */
  OnnxDifferentiableModel(OnnxModel model, DifferentiableDecoder decoder, GradientOptions options) {
    this.model = model;
    this.loaded = model.loaded();
    this.decoder = decoder;
    this.options = options;
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
    return "onnxruntime "
        + OnnxRuntime.environment().getVersion()
        + " cpu, threads "
        + options.threads()
        + ", rows per run "
        + options.rowsPerRun();
  }

  @Override
  public int[] encode(Prompt prompt) {
    return loaded.tokens(prompt);
  }

  @Override
  public int[] encodeAnswer(String answer, boolean complete) {
    int[] tokens = loaded.answerTokens(answer);
    if (!complete) {
      return tokens;
    }
    int end =
        loaded
            .turnEnd()
            .orElseThrow(
                () ->
                    new UnsupportedModelException(
                        "Expected the token with which "
                            + loaded.name()
                            + " ends its turn: a stop token behind what the assistant says in the"
                            + " chat template, or else a single one; found the stop tokens "
                            + loaded.stopTokens()
                            + "; put the chat template or the right eos_token_id into the folder,"
                            + " or train on answers that are not complete"));
    int[] closed = Arrays.copyOf(tokens, tokens.length + 1);
    closed[tokens.length] = end;
    return closed;
  }

  @Override
  public float[] embeddings(int[] tokens) {
    requireVocabulary("tokens", tokens);
    return decoder.embeddings(tokens);
  }

  @Override
  public KeyValuePrefix keyValues(int[] tokens) {
    requireVocabulary("tokens", tokens);
    return decoder.keyValues(tokens);
  }

  @Override
  public RowLogProbabilities logProbabilities(@Nullable Prefix prefix, List<TrainingRow> rows) {
    requireVocabulary(rows);
    return decoder.logProbabilities(prefix, rows);
  }

  @Override
  public Gradient gradient(Prefix prefix, List<TrainingRow> rows) {
    requireVocabulary(rows);
    return decoder.gradient(prefix, rows);
  }

  @Override
  public List<TopLogProbabilities> topLogProbabilities(
      @Nullable Prefix prefix, List<AnswerTokens> rows, int k) {
    int size = shape().vocabularySize();
    if (k < 1 || k > size) {
      throw new IllegalArgumentException("k is " + k + "; allowed: 1 to " + size);
    }
    for (int i = 0; i < rows.size(); i++) {
      requireVocabulary("tokens of row " + i, rows.get(i).tokens());
    }
    return decoder.topLogProbabilities(prefix, rows, k);
  }

  private void requireVocabulary(List<TrainingRow> rows) {
    for (int i = 0; i < rows.size(); i++) {
      TrainingRow row = rows.get(i);
      requireVocabulary("tokens of row " + i, row.tokens());
      for (int target = 0; target < row.targets(); target++) {
        if (row.id(target) != TrainingRow.REST) {
          requireVocabulary("target " + target + " of row " + i, row.id(target));
        }
      }
    }
  }

  /** Ids below 0 would be rows of a prefix to the graph, and those above nothing. */
  private void requireVocabulary(String field, int... ids) {
    int size = shape().vocabularySize();
    for (int id : ids) {
      if (id < 0 || id >= size) {
        throw new IllegalArgumentException(
            field + ": the id is " + id + "; allowed: 0 to " + (size - 1));
      }
    }
  }

  @Override
  public void close() {
    decoder.close();
  }
}
