package io.patchkit.evaluate;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;

/** A judge whose scores are a function of another's. */
record DerivedJudge(JudgeId id, Judge source, DoubleUnaryOperator function) implements Judge {

  DerivedJudge {
    Objects.requireNonNull(function, "function");
  }

  @Override
  public List<Double> scores(List<Exchange> exchanges) {
    return Judge.checkedScores(source, exchanges).stream().map(function::applyAsDouble).toList();
  }

  @Override
  public Set<String> names() {
    return source.names();
  }
}
