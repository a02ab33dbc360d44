package io.patchkit.examples.spark;

import io.patchkit.evaluate.Evaluation;
import io.patchkit.examples.EvaluationSetup;
import io.patchkit.examples.OpenEvaluation;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The one evaluation, and with it the one model, that an executor holds open: opened by its first
 * task, shared by its tasks, closed when the executor ends or another evaluation is asked for.
 */
final class ExecutorEvaluation {

  private static @Nullable EvaluationSetup current;
  private static @Nullable OpenEvaluation open;

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(ExecutorEvaluation::close));
  }

  private ExecutorEvaluation() {}

  /** The executor's evaluation of a setup. */
  static synchronized Evaluation of(EvaluationSetup setup)
      throws IOException, InterruptedException {
    OpenEvaluation held = open;
    if (held == null || !setup.equals(current)) {
      close();
      held = setup.open();
      open = held;
      current = setup;
    }
    return held.evaluation();
  }

  private static synchronized void close() {
    if (open != null) {
      open.close();
      open = null;
    }
  }
}
