package io.patchkit.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One figure by kind of item: for each kind, a bar for each variant. */
final class KindBars {

  private static final int BAR = 11;
  private static final int HEAD = 22;
  private static final int AXIS = 24;

  private KindBars() {}

  /** Whether there are kinds to tell apart. */
  static boolean has(Figure figure) {
    return !figure.cells().get(0).kinds().isEmpty();
  }

  static String svg(Figure figure) {
    List<Figure.Cell> cells = figure.cells();
    Map<String, Estimate> kinds = cells.get(0).kinds();
    int block = HEAD + cells.size() * BAR + 6;
    int height = kinds.size() * block + AXIS;
    Svg svg = new Svg(height, figure.metric() + " by kind");
    PlotScale scale = scale(figure);
    for (double tick : scale.ticks()) {
      double x = scale.place(tick);
      svg.line("grid", x, 0, x, height - AXIS);
      String anchor = tick == scale.low() ? "start" : x >= scale.end() - 1 ? "end" : "middle";
      svg.text("tick", anchor, x, height - 8, scale.label(tick, figure.unit()));
    }
    double y = 0;
    for (Map.Entry<String, Estimate> kind : kinds.entrySet()) {
      String name = kind.getKey().isEmpty() ? "other" : kind.getKey();
      svg.text(
          "label",
          "start",
          2,
          y + 16,
          Svg.cut(name, 34)
              + " (n = "
              + kind.getValue().n()
              + FigureText.mark(kind.getValue())
              + ")");
      for (int i = 0; i < cells.size(); i++) {
        Estimate estimate = cells.get(i).kinds().get(kind.getKey());
        if (estimate != null && estimate.isDefined()) {
          double zero = scale.place(Math.max(0, scale.low()));
          double x = scale.place(estimate.value());
          svg.rectangle(
              Svg.colour(i),
              Math.min(zero, x),
              y + HEAD + i * BAR,
              Math.max(1.5, Math.abs(x - zero)),
              BAR - 2);
        }
      }
      y += block;
    }
    return svg.toString();
  }

  private static PlotScale scale(Figure figure) {
    List<Double> values = new ArrayList<>();
    values.add(0.0);
    for (Figure.Cell cell : figure.cells()) {
      for (Estimate estimate : cell.kinds().values()) {
        if (estimate.isDefined()) {
          values.add(estimate.value());
        }
      }
    }
    double low = values.stream().mapToDouble(v -> v).min().orElse(0);
    double high = values.stream().mapToDouble(v -> v).max().orElse(1);
    return figure.unit() == Metric.Unit.SHARE && low >= 0
        ? PlotScale.shares(6, Svg.WIDTH - 6)
        : PlotScale.over(low, high, 6, Svg.WIDTH - 6);
  }
}
