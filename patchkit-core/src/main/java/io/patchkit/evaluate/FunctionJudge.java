package io.patchkit.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/** A function as a judge. */
record FunctionJudge(JudgeId id, ToDoubleFunction<Exchange> function) implements Judge {

  FunctionJudge {
    Objects.requireNonNull(function, "function");
  }

  @Override
  public List<Double> scores(List<Exchange> exchanges) {
    List<Double> scores = new ArrayList<>();
    for (Exchange exchange : exchanges) {
      scores.add(function.applyAsDouble(exchange));
    }
    return scores;
  }
}
