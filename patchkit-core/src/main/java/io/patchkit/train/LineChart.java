package io.patchkit.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Curves as an inline SVG with axes; colours are the page's, by the order of the curves. */
final class LineChart {

  /** Curves that have a colour of their own; later ones begin again. */
  static final int COLOURS = 6;

  /** Points that a curve is drawn with at most; of more, neighbours are averaged. */
  static final int POINTS = 400;

  /** Points from which on a trembling curve has a smoothed one drawn over it. */
  private static final int SMOOTHED_FROM = 40;

  private static final int WIDTH = 480;
  private static final int HEIGHT = 250;
  private static final int LEFT = 58;
  private static final int RIGHT = 12;
  private static final int TOP = 10;
  private static final int BOTTOM = 30;
  private static final int TICKS = 5;

  private LineChart() {}

  /**
   * The chart as an {@code svg} element.
   *
   * @param steps of the whole training: the right end of the axis
   */
  static String svg(String title, Map<String, Curves.Curve> curves, int steps) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (Curves.Curve curve : curves.values()) {
      for (double[] point : curve.points()) {
        low = Math.min(low, point[1]);
        high = Math.max(high, point[1]);
      }
    }
    Axis y = Axis.over(low, high);
    Axis x = Axis.over(0, Math.max(1, steps));
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n"
            .formatted(WIDTH, HEIGHT, RunPage.escape(title)));
    for (double tick : y.ticks()) {
      double at = vertical(y, tick);
      svg.append(line("grid", LEFT, at, WIDTH - RIGHT, at));
      svg.append(text("end", LEFT - 6, at + 4, y.label(tick)));
    }
    for (double tick : x.ticks()) {
      if (tick <= Math.max(1, steps)) {
        svg.append(text("middle", horizontal(steps, tick), HEIGHT - 8, x.label(tick)));
      }
    }
    svg.append(line("axis", LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM));
    int colour = 0;
    for (Curves.Curve curve : curves.values()) {
      svg.append(curve(curve, colour++ % COLOURS, y, steps));
    }
    return svg.append("</svg>\n").toString();
  }

  private static String curve(Curves.Curve curve, int colour, Axis y, int steps) {
    List<double[]> points = thinned(curve.points());
    if (points.size() == 1) {
      double[] only = points.get(0);
      return "<circle class=\"c%d\" cx=\"%s\" cy=\"%s\" r=\"3\"/>\n"
          .formatted(colour, number(horizontal(steps, only[0])), number(vertical(y, only[1])));
    }
    if (!trembles(points)) {
      return polyline("c" + colour, points, y, steps);
    }
    return polyline("raw c" + colour, points, y, steps)
        + polyline("c" + colour, smoothed(points), y, steps);
  }

  private static String polyline(String kind, List<double[]> points, Axis y, int steps) {
    StringBuilder path = new StringBuilder();
    for (double[] point : points) {
      path.append(path.length() == 0 ? "" : " ")
          .append(number(horizontal(steps, point[0])))
          .append(',')
          .append(number(vertical(y, point[1])));
    }
    return "<polyline class=\"%s\" points=\"%s\"/>\n".formatted(kind, path);
  }

  /** Whether a long curve turns at more than every fourth point. */
  static boolean trembles(List<double[]> points) {
    int turns = 0;
    for (int i = 2; i < points.size(); i++) {
      double before = points.get(i - 1)[1] - points.get(i - 2)[1];
      double after = points.get(i)[1] - points.get(i - 1)[1];
      turns += before * after < 0 ? 1 : 0;
    }
    return points.size() >= SMOOTHED_FROM && turns > points.size() / 4;
  }

  /** Each point the mean of itself and its neighbours, a twentieth of all on either side. */
  static List<double[]> smoothed(List<double[]> points) {
    int reach = points.size() / 20;
    List<double[]> smoothed = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      int from = Math.max(0, i - reach);
      int to = Math.min(points.size(), i + reach + 1);
      double sum = 0;
      for (double[] point : points.subList(from, to)) {
        sum += point[1];
      }
      smoothed.add(new double[] {points.get(i)[0], sum / (to - from)});
    }
    return smoothed;
  }

  /** At most {@link #POINTS} points, each the mean of as many neighbours. */
  static List<double[]> thinned(List<double[]> points) {
    int together = (points.size() + POINTS - 1) / POINTS;
    if (together <= 1) {
      return points;
    }
    List<double[]> thinned = new ArrayList<>();
    for (int from = 0; from < points.size(); from += together) {
      List<double[]> group = points.subList(from, Math.min(from + together, points.size()));
      double step = 0;
      double value = 0;
      for (double[] point : group) {
        step += point[0] / group.size();
        value += point[1] / group.size();
      }
      thinned.add(new double[] {step, value});
    }
    return thinned;
  }

  private static double horizontal(int steps, double step) {
    return LEFT + step / Math.max(1, steps) * (WIDTH - LEFT - RIGHT);
  }

  private static double vertical(Axis axis, double value) {
    double share = (value - axis.from()) / (axis.to() - axis.from());
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP);
  }

  private static String line(String kind, double x1, double y1, double x2, double y2) {
    return "<line class=\"%s\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>\n"
        .formatted(kind, number(x1), number(y1), number(x2), number(y2));
  }

  private static String text(String anchor, double x, double y, String text) {
    return "<text text-anchor=\"%s\" x=\"%s\" y=\"%s\">%s</text>\n"
        .formatted(anchor, number(x), number(y), text);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  /**
   * A range with ticks at round numbers.
   *
   * @param step between ticks: 1, 2 or 5 times a power of ten
   */
  record Axis(double from, double to, double step) {

    /** Share of a step by which a number may miss a tick and still be on it. */
    private static final double ROUNDING = 1e-9;

    /** A range of round numbers around these. */
    static Axis over(double low, double high) {
      double span = high > low ? high - low : Math.max(Math.abs(high), 1) * 0.1;
      double power = Math.pow(10, Math.floor(Math.log10(span / TICKS)));
      double step = power;
      for (int factor : new int[] {2, 5, 10}) {
        if (span / step > TICKS + ROUNDING) {
          step = factor * power;
        }
      }
      double from = Math.floor(low / step + ROUNDING) * step;
      double to = Math.ceil(high / step - ROUNDING) * step;
      return new Axis(from, to > from ? to : from + step, step);
    }

    List<Double> ticks() {
      List<Double> ticks = new ArrayList<>();
      long count = Math.round((to - from) / step);
      for (long i = 0; i <= count; i++) {
        ticks.add(from + i * step);
      }
      return ticks;
    }

    /** A tick with as many decimals as the ticks need. */
    String label(double tick) {
      if (step >= 1e6 || step < 1e-4) {
        return Math.abs(tick) < step / 2 ? "0" : String.format(Locale.ROOT, "%.1e", tick);
      }
      int decimals = (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
      String label = String.format(Locale.ROOT, "%." + decimals + "f", tick);
      return label.matches("-0(\\.0*)?") ? label.substring(1) : label;
    }
  }
}
