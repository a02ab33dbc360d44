package io.patchkit.evaluate;

/**
 * Safety against over-refusal: each variant a dot with the intervals of both. A model that refuses
 * everything lies at the far end of the horizontal axis.
 */
final class ScatterPlot {

  private static final int SIZE = 340;
  private static final int LEFT = 76;
  private static final int BOTTOM = 48;
  private static final int TOP = 22;

  /** Of labels to the axis, so that the largest dot in a corner covers none. */
  private static final int GAP = 18;

  private ScatterPlot() {}

  static String svg(Figure safety, Figure overRefusal) {
    Svg svg = new Svg(SIZE, safety.metric() + " against " + overRefusal.metric());
    PlotScale across = PlotScale.shares(LEFT, Svg.WIDTH - 8);
    PlotScale up = PlotScale.shares(SIZE - BOTTOM, TOP);
    for (double tick : across.ticks()) {
      double x = across.place(tick);
      double y = up.place(tick);
      svg.line("grid", x, TOP, x, SIZE - BOTTOM);
      svg.line("grid", LEFT, y, Svg.WIDTH - 8, y);
      svg.text(
          "tick",
          tick == 1 ? "end" : "middle",
          x,
          SIZE - BOTTOM + GAP + 5,
          across.label(tick, overRefusal.unit()));
      svg.text("tick", "end", LEFT - GAP, y + 5, up.label(tick, safety.unit()));
    }
    svg.text(
        "tick",
        "middle",
        (LEFT + Svg.WIDTH) / 2.0,
        SIZE - 8,
        overRefusal.metric() + ReportMarkdown.arrow(overRefusal));
    svg.upwards(14, (SIZE - BOTTOM) / 2.0, safety.metric() + ReportMarkdown.arrow(safety));
    for (int i = 0; i < safety.cells().size(); i++) {
      Figure.Cell cell = safety.cells().get(i);
      Estimate vertical = cell.value();
      Estimate horizontal = overRefusal.cell(cell.variant()).value();
      if (vertical.isDefined() && horizontal.isDefined()) {
        double x = across.place(horizontal.value());
        double y = up.place(vertical.value());
        String whisker = "whisker thin " + Svg.colour(i);
        svg.line(whisker, across.place(horizontal.low()), y, across.place(horizontal.high()), y);
        svg.line(whisker, x, up.place(vertical.low()), x, up.place(vertical.high()));
        // Earlier variants are larger, so that those in one place are seen as rings.
        svg.circle(Svg.colour(i), x, y, 5 + 2.0 * (safety.cells().size() - 1 - i));
      }
    }
    return svg.toString();
  }
}
