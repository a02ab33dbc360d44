package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Dim;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.LogitProjection;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.TensorInfo;
import java.util.List;

/**
 * The objective J = Σ weight · log p(target) over N positions with K targets each, and beside them
 * the rest: all tokens that are no target, with a weight of their own.
 *
 * <p>One head serves every objective: maximum likelihood has one target of weight 1/n a position;
 * distillation has the teacher's most probable tokens and their probabilities; a preference pair
 * has weights of opposite sign. With logits z, p = softmax z, and r and ρ the rest's weight and
 * probability, the seed of the backward pass is
 *
 * <pre>∂J/∂z = Σₖ weightₖ · (onehot(targetₖ) − p) + r · (p outside the targets / ρ − p)</pre>
 */
final class LossHead {

  /** Positions that carry loss, as row · tokens + position: int64 [N], each at most once. */
  static final String POSITIONS = "loss_positions";

  /** Token ids: int64 [N, K]. */
  static final String TARGETS = "target_ids";

  /** Their weights in the objective: float [N, K]. */
  static final String WEIGHTS = "target_weights";

  /** The rest's weight: float [N, 1], 0 where it is no target. */
  static final String REST_WEIGHTS = "rest_weights";

  /** 1 for a target and 0 for what fills a line up: float [N, K]. */
  static final String ARE_TARGETS = "are_targets";

  /** What the rest's probability is taken for at least: floats hardly tell less from nothing. */
  static final float LEAST_REST = 1e-5f;

  /** log p of each target: float [N, K]. */
  static final String LOG_PROBABILITIES = "target_log_probabilities";

  /** How many of the likeliest tokens are wanted: int64 [1]. */
  static final String COUNT = "top_count";

  static final String TOP_IDS = "top_ids";
  static final String TOP_LOG_PROBABILITIES = "top_log_probabilities";

  private LossHead() {}

  /**
   * Restricts the output projection to the positions that carry loss.
   *
   * @return the logits [N, vocabulary]
   */
  static String restrict(Graph graph, String logits) {
    LogitProjection projection = LogitProjection.find(graph, logits);
    if (projection == null) {
      throw new UnsupportedModelException(
          "Expected the logits to follow from one product with a constant matrix, found "
              + graph.producer(logits));
    }
    String flat = logits;
    for (Node reshape : projection.reshapes()) {
      // The logits become a matrix, whatever they were before.
      String before = reshape.input(0);
      graph.replaceUses(reshape.output(0), before);
      flat = flat.equals(reshape.output(0)) ? before : flat;
    }
    Ops ops = new Ops(graph, "/patchkit/loss/");
    graph.addInput(TensorInfo.of(POSITIONS, ElementType.INT64, Dim.of("positions")));
    long width = Widths.contracted(graph, projection.product());
    String rows = ops.reshape(projection.hidden(), -1, width);
    String chosen = ops.op(ops.node("Gather", rows, POSITIONS).with("axis", 0));
    graph.replaceInput(projection.product(), 0, chosen);
    return flat;
  }

  /** Writes log-probabilities of the targets: {@value #LOG_PROBABILITIES}. */
  static void score(Graph graph, String logits) {
    writeScores(graph, new Ops(graph, "/patchkit/loss/"), logits);
  }

  private static String writeScores(Graph graph, Ops ops, String logits) {
    graph.addInput(
        TensorInfo.of(TARGETS, ElementType.INT64, Dim.of("positions"), Dim.of("targets")));
    String logSoftmax = ops.op(ops.node("LogSoftmax", logits).with("axis", -1));
    ops.op(
        Node.of("GatherElements", List.of(logSoftmax, TARGETS), List.of(LOG_PROBABILITIES))
            .with("axis", 1));
    return logSoftmax;
  }

  /**
   * Writes log-probabilities of the targets and the seed of the backward pass.
   *
   * @param logits float [N, vocabulary]
   * @return ∂J/∂logits
   */
  static String differentiate(Graph graph, String logits) {
    Ops ops = new Ops(graph, "/patchkit/loss/");
    String logSoftmax = writeScores(graph, ops, logits);
    graph.addInput(
        TensorInfo.of(WEIGHTS, ElementType.FLOAT, Dim.of("positions"), Dim.of("targets")));
    graph.addInput(TensorInfo.of(REST_WEIGHTS, ElementType.FLOAT, Dim.of("positions"), Dim.of(1)));
    graph.addInput(
        TensorInfo.of(ARE_TARGETS, ElementType.FLOAT, Dim.of("positions"), Dim.of("targets")));
    String probabilities = ops.op("Exp", LOG_PROBABILITIES);
    String theirs = ops.reduceSum(ops.mul(probabilities, ARE_TARGETS), true, 1);
    String rest = ops.op("Max", ops.sub(ops.scalar(1f), theirs), ops.scalar(LEAST_REST));
    String perRest = ops.div(REST_WEIGHTS, rest);
    // Every token as if it were of the rest; then the targets, which are not.
    String total = ops.add(ops.reduceSum(WEIGHTS, true, 1), REST_WEIGHTS);
    String spread = ops.mul(ops.op("Exp", logSoftmax), ops.sub(perRest, total));
    String restOfTargets = ops.mul(ops.mul(probabilities, perRest), ARE_TARGETS);
    return ops.op(
        ops.node("ScatterElements", spread, TARGETS, ops.sub(WEIGHTS, restOfTargets))
            .with("axis", 1)
            .with("reduction", "add"));
  }

  /**
   * Writes the likeliest tokens: {@value #TOP_LOG_PROBABILITIES} and {@value #TOP_IDS}, [N, {@value
   * #COUNT}].
   */
  static void likeliest(Graph graph, String logits) {
    graph.addInput(TensorInfo.of(COUNT, ElementType.INT64, Dim.of(1)));
    Ops ops = new Ops(graph, "/patchkit/loss/");
    String logSoftmax = ops.op(ops.node("LogSoftmax", logits).with("axis", -1));
    ops.op(
        Node.of("TopK", List.of(logSoftmax, COUNT), List.of(TOP_LOG_PROBABILITIES, TOP_IDS))
            .with("axis", -1));
  }
}
