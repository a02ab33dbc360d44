package io.patchkit.evaluate;

import io.patchkit.evaluate.Metric.Unit;
import java.util.Locale;

/** Figures as people read them. */
final class FigureText {

  /** Stands behind a figure of few items. */
  static final String FEW_MARK = "†";

  private static final String MINUS = "−";

  private FigureText() {}

  /** A number with its unit. */
  static String value(double value, Unit unit) {
    if (Double.isNaN(value)) {
      return "–";
    }
    return switch (unit) {
      case SHARE -> number(100 * value, 1) + " %";
      case NUMBER, NATS -> significant(value);
      case MILLISECONDS -> significant(value) + " ms";
      case MEGABYTES -> significant(value) + " MB";
    };
  }

  /** A figure with its interval, and the mark of few items. */
  static String estimate(Estimate estimate, Unit unit) {
    return value(estimate.value(), unit) + interval(estimate, unit) + mark(estimate);
  }

  /** A signed difference with its interval; of shares, in percentage points. */
  static String difference(Estimate estimate, Unit unit) {
    if (!estimate.isDefined()) {
      return "–";
    }
    String sign = estimate.value() > 0 ? "+" : "";
    String number =
        unit == Unit.SHARE ? number(100 * estimate.value(), 1) : significant(estimate.value());
    return sign + number + interval(estimate, unit);
  }

  private static String interval(Estimate estimate, Unit unit) {
    if (!estimate.isDefined()) {
      return "";
    }
    return unit == Unit.SHARE
        ? " [" + number(100 * estimate.low(), 1) + ", " + number(100 * estimate.high(), 1) + "]"
        : " [" + significant(estimate.low()) + ", " + significant(estimate.high()) + "]";
  }

  static String mark(Estimate estimate) {
    return estimate.isOfFew() ? " " + FEW_MARK : "";
  }

  /** Three significant digits, but two decimals below 1, and two digits of less than 0.01. */
  static String significant(double value) {
    double size = Math.abs(value);
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? "–" : value > 0 ? "∞" : MINUS + "∞";
    }
    if (size != 0 && (size < 1e-6 || size >= 1e6)) {
      return String.format(Locale.ROOT, "%.1e", value).replace("-", MINUS);
    }
    if (size != 0 && size < 1e-2) {
      return number(value, 1 - (int) Math.floor(Math.log10(size)));
    }
    int whole = size < 1 ? 1 : (int) Math.floor(Math.log10(size)) + 1;
    return number(value, Math.max(0, 3 - whole));
  }

  /** A number with so many decimals, without a negative zero. */
  static String number(double value, int decimals) {
    String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
    return text.matches("-0(\\.0*)?") ? text.substring(1) : text.replace("-", MINUS);
  }
}
