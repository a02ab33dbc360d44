package io.patchkit.train;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.ModelShape;
import io.patchkit.Prefix;
import io.patchkit.Prompt;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A frozen language model that can be differentiated with respect to a prefix: what an engine
 * provides for training. Its weights never change.
 *
 * <p>Wherever a prefix is taken, null stands for the base model without any. Equal calls on one
 * machine return bit-equal numbers; a training that is resumed relies on it. The model does not
 * pad, cut or reorder rows as far as the caller can see: results are in the order of the rows.
 *
 * <p>Not thread-safe: one caller at a time. Whoever opens it closes it.
 */
public interface DifferentiableModel extends AutoCloseable {

  /** The model that a patch trained here is made for. May read all weights on first use. */
  BaseModel base();

  /** The sizes that a prefix has to fit. */
  ModelShape shape();

  /**
   * What computes, for provenance: the engine, its version, where it runs, and the options on which
   * the last bits of a number depend. Models of equal weights and equal runtime return bit-equal
   * numbers on one machine. {@code onnxruntime 1.29.0 cpu, threads 8, rows per run 8}.
   */
  String runtime();

  /**
   * The tokens of a prompt as the model receives them: special tokens added, a chat rendered by the
   * model's template and opened for the assistant's turn.
   *
   * @return at least one id
   */
  int[] encode(Prompt prompt);

  /**
   * The tokens of an answer to a prompt, without the special tokens that start a text.
   *
   * @param complete whether the answer ends here. It is then closed by the token with which the
   *     model ends its turn; an answer that was cut off by a length limit must not teach the model
   *     to stop
   * @throws IllegalArgumentException if the answer holds special tokens and the model refuses
   *     messages that do
   * @throws io.patchkit.UnsupportedModelException if the answer is complete and the model does not
   *     tell with which token it ends its turn
   */
  int[] encodeAnswer(String answer, boolean complete);

  /**
   * The embeddings of tokens as the first layer receives them, row-major [tokens, hiddenSize]:
   * {@link EmbeddingSpace#LAYER_INPUT}.
   */
  float[] embeddings(int[] tokens);

  /** The keys and values that the layers keep of these tokens at positions 0, 1, … */
  KeyValuePrefix keyValues(int[] tokens);

  /**
   * The log-probability of each target of each row. Runs forward only; weights are not read.
   *
   * @param rows at least one
   */
  RowLogProbabilities logProbabilities(@Nullable Prefix prefix, List<TrainingRow> rows);

  /**
   * The log-probability of each target, and the gradient of the weighted sum over all rows, J = Σ
   * weight · log p(id | prefix, tokens before position), with respect to the prefix's numbers.
   *
   * @param rows at least one
   */
  Gradient gradient(Prefix prefix, List<TrainingRow> rows);

  /**
   * The likeliest tokens at each position of each row's answer, each given the tokens before it.
   *
   * @param rows at least one
   * @param k 1 … vocabularySize
   * @return one for each row
   */
  List<TopLogProbabilities> topLogProbabilities(
      @Nullable Prefix prefix, List<AnswerTokens> rows, int k);

  /** Releases what the model holds. Idempotent. */
  @Override
  void close();
}
