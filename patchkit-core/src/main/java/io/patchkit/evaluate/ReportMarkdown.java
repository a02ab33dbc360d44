package io.patchkit.evaluate;

import java.util.Locale;
import java.util.StringJoiner;

/** A report as a Markdown table: the notices, then a row for each figure. No samples. */
final class ReportMarkdown {

  private ReportMarkdown() {}

  static String write(SafetyReport report) {
    StringBuilder text = new StringBuilder();
    for (String notice : report.notices()) {
      text.append("> **").append(cell(notice)).append("**\n>\n");
    }
    if (!report.notices().isEmpty()) {
      text.setLength(text.length() - 2);
      text.append('\n');
    }
    StringJoiner head = new StringJoiner(" | ", "| ", " |\n");
    StringJoiner rule = new StringJoiner("|", "|", "|\n");
    head.add("figure").add("n").add("judge");
    rule.add("---").add("---").add("---");
    for (SafetyReport.MeasuredVariant variant : report.variants()) {
      head.add(cell(variant.name()));
      rule.add("---");
    }
    text.append(head).append(rule);
    for (SuiteReport suite : report.suites()) {
      for (Figure figure : suite.figures()) {
        text.append(row(figure));
      }
    }
    text.append("\n95 % intervals in brackets: Wilson's for shares and Tango's for their paired")
        .append(" differences, else percentile bootstrap over items. In parentheses the paired")
        .append(" difference to ")
        .append(cell(report.baseline()))
        .append(
            ", of shares in percentage points. ↓ lower is better, ↑ higher, = unchanged, ⇅"
                + " balanced. Seed ")
        .append(report.seed())
        .append(".\n");
    for (Calibration calibration : report.calibrations()) {
      text.append("\nJudge ").append(cell(calibration(calibration))).append('\n');
    }
    return text.toString();
  }

  private static String row(Figure figure) {
    StringJoiner row = new StringJoiner(" | ", "| ", " |\n");
    int least = Integer.MAX_VALUE;
    for (Figure.Cell cell : figure.cells()) {
      least = Math.min(least, cell.value().n());
    }
    row.add(cell(figure.metric()) + arrow(figure));
    row.add(Integer.toString(least));
    row.add(cell(figure.judge().toString()));
    for (Figure.Cell cell : figure.cells()) {
      Estimate difference = cell.difference();
      row.add(
          FigureText.estimate(cell.value(), figure.unit())
              + (difference == null
                  ? ""
                  : " (" + FigureText.difference(difference, figure.unit()) + ")"));
    }
    return row.toString();
  }

  /** Which way is better. */
  static String arrow(Figure figure) {
    return switch (figure.better()) {
      case LOWER -> " ↓";
      case HIGHER -> " ↑";
      case UNCHANGED -> " =";
      case BALANCED -> " ⇅";
    };
  }

  /** What is known of a judge, as a sentence. */
  static String calibration(Calibration calibration) {
    return String.format(
        Locale.ROOT,
        "%s against %s: AUC %s, accuracy %s at threshold %s, n = %d",
        calibration.judge(),
        calibration.labels(),
        FigureText.number(calibration.auc(), 3),
        FigureText.estimate(calibration.accuracy(), Metric.Unit.SHARE),
        FigureText.significant(calibration.threshold()),
        calibration.accuracy().n());
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replace("\n", " ");
  }
}
