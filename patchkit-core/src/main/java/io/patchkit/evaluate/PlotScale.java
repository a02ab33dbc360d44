package io.patchkit.evaluate;

import io.patchkit.evaluate.Metric.Unit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Places numbers on an axis, with round ticks at its ends.
 *
 * @param low number at the axis' start
 * @param high number at its end, above low
 * @param step between two ticks
 * @param start coordinate of low
 * @param end coordinate of high
 */
record PlotScale(double low, double high, double step, double start, double end) {

  private static final int INTERVALS = 4;

  /** The axis of all shares, 0 to 1. */
  static PlotScale shares(double start, double end) {
    return new PlotScale(0, 1, 0.25, start, end);
  }

  /** An axis that reaches over the numbers, a little beyond; from 0 to 1 where all are 0. */
  static PlotScale over(double lowest, double highest, double start, double end) {
    if (lowest == 0 && highest == 0) {
      return new PlotScale(0, 1, 0.5, start, end);
    }
    double span = highest > lowest ? highest - lowest : Math.max(1e-9, Math.abs(highest) * 0.1);
    double rough = span / INTERVALS;
    double magnitude = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = magnitude * 10;
    for (double factor : new double[] {1, 2, 5}) {
      if (factor * magnitude >= rough) {
        step = factor * magnitude;
        break;
      }
    }
    double low = Math.floor(lowest / step) * step;
    double high = Math.ceil(highest / step) * step;
    return new PlotScale(low, high > low ? high : low + step, step, start, end);
  }

  /** Where a number lies; beyond the axis, at its end. */
  double place(double number) {
    double share = (number - low) / (high - low);
    return start + (end - start) * Math.min(1, Math.max(0, share));
  }

  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    long count = Math.round((high - low) / step);
    for (long i = 0; i <= count; i++) {
      ticks.add(low + i * step);
    }
    return ticks;
  }

  String label(double tick, Unit unit) {
    if (unit == Unit.SHARE) {
      return FigureText.number(100 * tick, Math.max(0, decimals(100 * step))) + " %";
    }
    return step >= 1e6
        ? String.format(Locale.ROOT, "%.0e", tick)
        : FigureText.number(tick, decimals(step));
  }

  private static int decimals(double step) {
    return (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  }
}
