package io.patchkit.train;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The curves of a training, from its metrics line by line. Not thread-safe. */
final class Curves {

  private static final String LOSS = "Loss";
  private static final String REWARDS = "Margin and rewards";
  private static final String ACCURACY = "Accuracy";
  private static final String DIVERGENCE = "Divergence, nats a token";
  private static final String SCORE = "Score";
  private static final String HELD_OUT_LOSS = "Held-out loss";
  private static final String HELD_OUT_MARGIN = "Held-out margin";
  private static final String GRADIENT_NORM = "Gradient norm";
  private static final String LEARNING_RATE = "Learning rate";
  private static final String SPEED = "Tokens a second";

  private static final List<String> ORDER =
      List.of(
          LOSS,
          REWARDS,
          ACCURACY,
          DIVERGENCE,
          SCORE,
          HELD_OUT_LOSS,
          HELD_OUT_MARGIN,
          GRADIENT_NORM,
          LEARNING_RATE,
          SPEED);

  private final Map<String, Map<String, Curve>> charts = new HashMap<>();

  /** The points of one curve, in the order of their steps. */
  static final class Curve {

    private final List<double[]> points = new ArrayList<>();

    /** [step, value] each. */
    List<double[]> points() {
      return points;
    }

    double last() {
      return points.get(points.size() - 1)[1];
    }
  }

  /** Adds what a line of metrics says; a warning or a failure says nothing. */
  void add(JsonObject line) {
    int step = line.integer("step", 0, Integer.MAX_VALUE);
    switch (line.string("event")) {
      case "step" -> addStep(step, line);
      case "validation" -> addValidation(step, line);
      default -> {}
    }
  }

  private void addStep(int step, JsonObject line) {
    JsonArray terms = line.array("terms");
    if (terms.size() > 1) {
      add(LOSS, "weighted sum", step, line, "loss");
    }
    for (JsonObject term : terms.objects()) {
      String name = term.string("name");
      add(LOSS, name, step, term, "loss");
      add(REWARDS, prefixed(terms, name, "margin"), step, term, "margin");
      add(REWARDS, prefixed(terms, name, "chosen"), step, term, "reward_chosen");
      add(REWARDS, prefixed(terms, name, "rejected"), step, term, "reward_rejected");
      add(ACCURACY, name, step, term, "accuracy");
      add(DIVERGENCE, name, step, term, "kl");
    }
    add(GRADIENT_NORM, "before clipping", step, line, "gradient_norm");
    add(LEARNING_RATE, "rate", step, line, "learning_rate");
    add(SPEED, "rate", step, line, "tokens_per_second");
  }

  /** One preference term is the rule; several are told apart. */
  private static String prefixed(JsonArray terms, String term, String name) {
    int preferences = 0;
    for (JsonObject each : terms.objects()) {
      preferences += each.has("margin") ? 1 : 0;
    }
    return preferences > 1 ? term + " " + name : name;
  }

  private void addValidation(int step, JsonObject line) {
    add(SCORE, "development score", step, line, "score");
    for (JsonObject term : line.array("terms").objects()) {
      add(HELD_OUT_LOSS, term.string("name"), step, term, "loss");
      add(HELD_OUT_MARGIN, term.string("name"), step, term, "margin");
    }
  }

  private void add(String chart, String curve, int step, JsonObject json, String field) {
    Double value = json.optionalNumber(field, -Double.MAX_VALUE, Double.MAX_VALUE);
    if (value != null) {
      charts
          .computeIfAbsent(chart, name -> new LinkedHashMap<>())
          .computeIfAbsent(curve, name -> new Curve())
          .points
          .add(new double[] {step, value});
    }
  }

  /** The curves of each chart that has any, by name: what matters most first. */
  Map<String, Map<String, Curve>> charts() {
    Map<String, Map<String, Curve>> ordered = new LinkedHashMap<>();
    for (String title : ORDER) {
      Map<String, Curve> chart = charts.get(title);
      if (chart != null) {
        ordered.put(title, chart);
      }
    }
    return ordered;
  }
}
