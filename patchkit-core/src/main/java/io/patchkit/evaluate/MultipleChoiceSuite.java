package io.patchkit.evaluate;

import io.patchkit.evaluate.Metric.Direction;
import io.patchkit.evaluate.Metric.Unit;
import io.patchkit.format.JsonObject;
import java.util.List;
import java.util.Map;

/**
 * Multiple-choice questions answered by log-probability: of the choices, the model takes the one
 * whose text is likeliest after {@code Question: …\nAnswer:}, per character, so that length does
 * not count (the normalised accuracy of EleutherAI's evaluation harness, whose length leaves out
 * the space before the choice).
 *
 * <p>A row has {@code question}, {@code choices} (at least two texts) and {@code answer}, the index
 * of the right one.
 */
public final class MultipleChoiceSuite extends LogProbabilitySuite {

  /** The share of questions answered right. */
  public static final String ACCURACY = "multiple-choice accuracy";

  private MultipleChoiceSuite(EvaluationData data) {
    super("multiple choice", Purpose.UTILITY, data);
    for (Item item : data.items()) {
      List<String> choices = choices(item);
      if (choices.size() < 2 || choices.stream().anyMatch(String::isBlank)) {
        throw new IllegalArgumentException(
            "row '" + item.id() + "' has the choices " + choices + "; allowed: two texts or more");
      }
      item.fields().integer("answer", 0, choices.size() - 1);
    }
  }

  /** Questions of some data. */
  public static MultipleChoiceSuite of(EvaluationData data) {
    return new MultipleChoiceSuite(data);
  }

  @Override
  public List<Metric> metrics() {
    return List.of(
        new Metric(
            ACCURACY,
            Statistic.share("right"),
            Unit.SHARE,
            Direction.HIGHER,
            JudgeId.LOG_PROBABILITY));
  }

  @Override
  public JsonObject configuration() {
    return JsonObject.builder().put("normalisation", "characters without the space").build();
  }

  @Override
  Observation observe(Variant variant, Item item, long seed) {
    int answer = item.fields().integer("answer", 0, Integer.MAX_VALUE);
    return Observation.of(Map.of("right", taken(variant, item) == answer ? 1.0 : 0.0));
  }

  private static int taken(Variant variant, Item item) {
    String prompt = "Question: " + item.text("question") + "\nAnswer:";
    List<String> choices = choices(item);
    int best = 0;
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < choices.size(); i++) {
      String choice = choices.get(i).strip();
      double score = variant.score(prompt, " " + choice).total() / choice.length();
      if (score > highest) {
        best = i;
        highest = score;
      }
    }
    return best;
  }

  private static List<String> choices(Item item) {
    return item.fields().array("choices").strings();
  }
}
