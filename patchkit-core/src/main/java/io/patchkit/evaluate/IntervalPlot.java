package io.patchkit.evaluate;

import io.patchkit.evaluate.Metric.Unit;
import java.util.List;

/** One figure of all variants: a dot and its interval each, over a common axis. */
final class IntervalPlot {

  private static final int ROW = 40;
  private static final int AXIS = 24;

  private IntervalPlot() {}

  static String svg(Figure figure) {
    List<Figure.Cell> cells = figure.cells();
    int height = cells.size() * ROW + AXIS;
    Svg svg = new Svg(height, figure.metric() + " of each variant, with intervals");
    PlotScale scale = scale(figure);
    for (double tick : scale.ticks()) {
      double x = scale.place(tick);
      svg.line("grid", x, 0, x, height - AXIS);
      String anchor = tick == scale.low() ? "start" : x >= scale.end() - 1 ? "end" : "middle";
      svg.text("tick", anchor, x, height - 8, scale.label(tick, figure.unit()));
    }
    for (int i = 0; i < cells.size(); i++) {
      Figure.Cell cell = cells.get(i);
      Estimate value = cell.value();
      double y = i * ROW + 28;
      svg.text("label", "start", 2, y - 13, Svg.cut(cell.variant(), 40));
      svg.text(
          "label",
          "end",
          Svg.WIDTH - 2,
          y - 13,
          FigureText.value(value.value(), figure.unit()) + FigureText.mark(value));
      if (value.isDefined()) {
        String colour = Svg.colour(i);
        svg.line("whisker " + colour, scale.place(value.low()), y, scale.place(value.high()), y);
        svg.circle(colour, scale.place(value.value()), y, 5);
      }
    }
    return svg.toString();
  }

  private static PlotScale scale(Figure figure) {
    if (figure.unit() == Unit.SHARE && figure.cells().stream().allMatch(IntervalPlot::isShare)) {
      return PlotScale.shares(6, Svg.WIDTH - 6);
    }
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (Figure.Cell cell : figure.cells()) {
      if (cell.value().isDefined()) {
        low = Math.min(low, cell.value().low());
        high = Math.max(high, cell.value().high());
      }
    }
    return low <= high
        ? PlotScale.over(low, high, 6, Svg.WIDTH - 6)
        : PlotScale.shares(6, Svg.WIDTH - 6);
  }

  /** A difference of shares, such as a gap, may lie below 0. */
  private static boolean isShare(Figure.Cell cell) {
    return !cell.value().isDefined() || cell.value().low() >= 0;
  }
}
