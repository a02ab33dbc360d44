package io.patchkit.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.function.DoubleBinaryOperator;

/** Several judges whose scores are combined one after the other. */
record CompositeJudge(JudgeId id, List<Judge> judges, DoubleBinaryOperator combine)
    implements Judge {

  static Judge of(String relation, List<Judge> judges, DoubleBinaryOperator combine) {
    if (judges.isEmpty()) {
      throw new IllegalArgumentException("judges is empty; allowed: at least one judge");
    }
    StringJoiner names = new StringJoiner(", ", relation + " (", ")");
    for (Judge judge : judges) {
      names.add(judge.id().toString());
    }
    return new CompositeJudge(new JudgeId(names.toString(), ""), List.copyOf(judges), combine);
  }

  @Override
  public List<Double> scores(List<Exchange> exchanges) {
    List<Double> combined = new ArrayList<>(judges.get(0).scores(exchanges));
    for (Judge judge : judges.subList(1, judges.size())) {
      List<Double> scores = judge.scores(exchanges);
      for (int i = 0; i < combined.size(); i++) {
        combined.set(i, combine.applyAsDouble(combined.get(i), scores.get(i)));
      }
    }
    return combined;
  }

  @Override
  public Set<String> names() {
    Set<String> names = new TreeSet<>();
    for (Judge judge : judges) {
      names.addAll(judge.names());
    }
    return names;
  }
}
