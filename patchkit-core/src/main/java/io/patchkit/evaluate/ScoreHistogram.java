package io.patchkit.evaluate;

import io.patchkit.evaluate.Metric.Unit;
import java.util.List;
import java.util.Map;

/** How a judge's scores are distributed: for each tenth, a bar for each variant. */
final class ScoreHistogram {

  private static final int HEIGHT = 200;
  private static final int LEFT = 46;
  private static final int BOTTOM = 30;

  private ScoreHistogram() {}

  static String svg(String judge, Map<String, List<Integer>> scores) {
    Svg svg = new Svg(HEIGHT, "Distribution of the scores of " + judge);
    PlotScale across = PlotScale.shares(LEFT, Svg.WIDTH - 6);
    PlotScale up = PlotScale.shares(HEIGHT - BOTTOM, 8);
    for (double tick : up.ticks()) {
      svg.line("grid", LEFT, up.place(tick), Svg.WIDTH - 6, up.place(tick));
      svg.text("tick", "end", LEFT - 5, up.place(tick) + 5, up.label(tick, Unit.SHARE));
    }
    for (double tick : across.ticks()) {
      svg.text(
          "tick",
          tick == 1 ? "end" : "middle",
          across.place(tick),
          HEIGHT - 6,
          FigureText.number(tick, 2));
    }
    double bin = (across.end() - across.start()) / SuiteReport.BINS;
    double bar = (bin - 4) / scores.size();
    int variant = 0;
    for (List<Integer> counts : scores.values()) {
      int total = counts.stream().mapToInt(Integer::intValue).sum();
      for (int i = 0; i < counts.size(); i++) {
        if (counts.get(i) > 0) {
          double y = up.place((double) counts.get(i) / total);
          double x = across.start() + i * bin + 2 + variant * bar;
          svg.rectangle(Svg.colour(variant), x, y, Math.max(1, bar - 1), HEIGHT - BOTTOM - y);
        }
      }
      variant++;
    }
    return svg.line("axis", LEFT, HEIGHT - BOTTOM, Svg.WIDTH - 6, HEIGHT - BOTTOM).toString();
  }
}
