package io.patchkit.evaluate;

import io.patchkit.evaluate.SafetyReport.MeasuredVariant;
import io.patchkit.format.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A report as a page that needs nothing else: no script, no other file. It is well-formed XML, too,
 * fits a phone, and follows the reader's choice of light or dark.
 */
final class ReportPage {

  /** Characters of a prompt or response that a sample shows. */
  private static final int SHOWN = 280;

  private final SafetyReport report;
  private final StringBuilder html = new StringBuilder();

  private ReportPage(SafetyReport report) {
    this.report = report;
  }

  static String html(SafetyReport report) {
    return new ReportPage(report).write();
  }

  private String write() {
    html.append(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>Safety report</title>
        <style>
        """);
    html.append(PageStyle.css()).append("</style>\n</head>\n<body>\n<h1>Safety report</h1>\n");
    for (String notice : report.notices()) {
      html.append("<p class=\"notice\">").append(Svg.escape(notice)).append("</p>\n");
    }
    appendVariants();
    appendScatter();
    appendTable();
    for (Purpose purpose : Purpose.values()) {
      appendPurpose(purpose);
    }
    appendSamples();
    appendSources();
    return html.append("</body>\n</html>\n").toString();
  }

  private void appendVariants() {
    html.append("<ul class=\"variants\">\n");
    for (int i = 0; i < report.variants().size(); i++) {
      MeasuredVariant variant = report.variants().get(i);
      html.append("<li><i class=\"")
          .append(Svg.colour(i))
          .append("\"></i><b>")
          .append(Svg.escape(variant.name()))
          .append("</b> ")
          .append(Svg.escape(description(variant.identity(), i == 0)))
          .append("</li>\n");
    }
    html.append("</ul>\n");
  }

  private static String description(JsonObject identity, boolean isBaseline) {
    StringBuilder text = new StringBuilder(identity.string("model"));
    int tokens = 0;
    for (JsonObject patch : identity.array("patches").objects()) {
      tokens += patch.integer("tokens", 0, Integer.MAX_VALUE);
    }
    text.append(tokens == 0 ? "" : ", " + tokens + " virtual tokens");
    text.append(identity.has("instruction") ? ", with a written instruction" : "");
    return text + (isBaseline ? "; differences are to this one" : "");
  }

  private void appendScatter() {
    Figure safety = firstRate(Purpose.SAFETY);
    Figure overRefusal = firstRate(Purpose.OVER_REFUSAL);
    if (safety != null && overRefusal != null) {
      html.append("<h2>Safety against over-refusal</h2>\n<div class=\"cards\"><section>\n")
          .append(ScatterPlot.svg(safety, overRefusal))
          .append("<p class=\"note\">The lower left corner is the best place. The far right is a")
          .append(" model that refuses everything.</p>\n")
          .append(legend())
          .append("</section></div>\n");
    }
  }

  /** Which colour is which variant, for pictures that do not name them. */
  private String legend() {
    StringBuilder legend = new StringBuilder("<ul class=\"legend\">\n");
    for (int i = 0; i < report.variants().size(); i++) {
      legend
          .append("<li><i class=\"")
          .append(Svg.colour(i))
          .append("\"></i>")
          .append(Svg.escape(report.variants().get(i).name()))
          .append("</li>\n");
    }
    return legend.append("</ul>\n").toString();
  }

  /** The first share of a purpose that is best at 0, null where the report has none. */
  private @Nullable Figure firstRate(Purpose purpose) {
    for (SuiteReport suite : report.suites()) {
      for (Figure figure : suite.figures()) {
        if (suite.purpose() == purpose
            && figure.unit() == Metric.Unit.SHARE
            && figure.better() == Metric.Direction.LOWER) {
          return figure;
        }
      }
    }
    return null;
  }

  private void appendTable() {
    html.append("<h2>All figures</h2>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>")
        .append("<th>Figure</th>");
    for (MeasuredVariant variant : report.variants()) {
      html.append("<th>").append(Svg.escape(variant.name())).append("</th>");
    }
    html.append("<th>Judge</th></tr></thead>\n<tbody>\n");
    for (SuiteReport suite : report.suites()) {
      for (Figure figure : suite.figures()) {
        appendRow(figure);
      }
    }
    html.append("</tbody>\n</table></div>\n<p class=\"note\">n is the number of items. 95 %")
        .append(" intervals in brackets: Wilson's for shares and Tango's for their paired")
        .append(" differences, else percentile bootstrap over items.")
        .append(" Second line: the paired difference to ")
        .append(Svg.escape(report.baseline()))
        .append(", of shares in percentage points, bold where its interval excludes 0. ↓ lower is")
        .append(" better, ↑ higher is better, = should stay, ⇅ balanced is better: a score at one")
        .append(" half, a gap at 0. ")
        .append(FigureText.FEW_MARK)
        .append(" fewer than ")
        .append(Estimate.FEW)
        .append(" items. Seed ")
        .append(report.seed())
        .append(".</p>\n");
  }

  private void appendRow(Figure figure) {
    html.append("<tr><th>")
        .append(Svg.escape(figure.metric()))
        .append(ReportMarkdown.arrow(figure))
        .append("<br/><span class=\"n\">n = ")
        .append(leastItems(figure))
        .append("</span></th>");
    for (Figure.Cell cell : figure.cells()) {
      html.append("<td>").append(FigureText.estimate(cell.value(), figure.unit()));
      Estimate difference = cell.difference();
      if (difference != null) {
        boolean clear = difference.isDefined() && !difference.contains(0);
        html.append("<br/><span class=\"difference")
            .append(clear ? " clear" : "")
            .append("\">")
            .append(FigureText.difference(difference, figure.unit()))
            .append("</span>");
      }
      html.append("</td>");
    }
    html.append("<td>").append(Svg.escape(figure.judge().toString())).append("</td></tr>\n");
  }

  /** Items of the variant that was measured on the fewest. */
  private static int leastItems(Figure figure) {
    int least = Integer.MAX_VALUE;
    for (Figure.Cell cell : figure.cells()) {
      least = Math.min(least, cell.value().n());
    }
    return least;
  }

  private void appendPurpose(Purpose purpose) {
    StringBuilder cards = new StringBuilder();
    for (SuiteReport suite : report.suites()) {
      if (suite.purpose() == purpose) {
        appendCards(suite, cards);
      }
    }
    if (!cards.isEmpty()) {
      html.append("<h2>")
          .append(purpose.title())
          .append("</h2>\n<div class=\"cards\">\n")
          .append(cards)
          .append("</div>\n");
    }
  }

  private void appendCards(SuiteReport suite, StringBuilder cards) {
    for (Figure figure : suite.figures()) {
      String meaning = FigureTerms.meaning(figure.metric());
      appendCard(
          figure.metric() + ReportMarkdown.arrow(figure),
          (meaning == null ? "" : meaning + " ")
              + String.format(
                  Locale.ROOT,
                  "Suite %s, n = %d, by %s; dots with 95 %% intervals.",
                  suite.suite(),
                  leastItems(figure),
                  figure.judge()),
          IntervalPlot.svg(figure),
          cards);
    }
    if (!suite.scores().isEmpty() && !suite.judges().isEmpty()) {
      String judge = suite.judges().get(0).toString();
      appendCard(
          "Scores of " + judge,
          "Suite " + suite.suite() + ": share of the responses whose score is in each tenth.",
          ScoreHistogram.svg(judge, suite.scores()) + legend(),
          cards);
    }
    // Of times and sizes a handful of items of a kind says nothing.
    if (KindBars.has(suite.headline()) && suite.purpose() != Purpose.COST) {
      appendCard(
          suite.headline().metric() + " by kind",
          "Suite " + suite.suite() + ", by " + suite.headline().judge() + ".",
          KindBars.svg(suite.headline()) + legend(),
          cards);
    }
  }

  private static void appendCard(String title, String note, String picture, StringBuilder cards) {
    cards
        .append("<section>\n<h3>")
        .append(Svg.escape(title))
        .append("</h3>\n<p class=\"note\">")
        .append(Svg.escape(note))
        .append("</p>\n")
        .append(picture)
        .append("</section>\n");
  }

  private void appendSamples() {
    boolean any = report.suites().stream().anyMatch(suite -> !suite.samples().isEmpty());
    if (!any) {
      return;
    }
    html.append("<h2>Samples</h2>\n<details>\n<summary>Show what the models said. <b>Content")
        .append(" warning:</b> prompts and responses may be harmful, toxic or biased.</summary>\n");
    for (SuiteReport suite : report.suites()) {
      if (!suite.samples().isEmpty()) {
        html.append("<h3>")
            .append(Svg.escape(suite.suite()))
            .append("</h3>\n<p class=\"note\">In parentheses the score, 0 to 1")
            .append(suite.judges().isEmpty() ? "" : ", of " + judge(suite))
            .append("; of several samples, of the one that is shown.</p>\n");
        appendSamples(suite.samples());
      }
    }
    html.append("</details>\n");
  }

  private void appendSamples(Map<String, List<Sample>> samples) {
    List<Sample> first = samples.values().iterator().next();
    for (int i = 0; i < first.size(); i++) {
      html.append("<div class=\"sample\"><p>")
          .append(text(first.get(i).prompt()))
          .append("</p><dl>\n");
      for (Map.Entry<String, List<Sample>> of : samples.entrySet()) {
        if (i < of.getValue().size()) {
          Sample sample = of.getValue().get(i);
          html.append("<dt>")
              .append(Svg.escape(of.getKey()))
              .append(" (")
              .append(FigureText.number(sample.score(), 2))
              .append(")</dt><dd>")
              .append(text(sample.response()))
              .append("</dd>\n");
        }
      }
      html.append("</dl></div>\n");
    }
  }

  private static String text(String text) {
    return Svg.escape(PageStyle.printable(Svg.cut(text.strip(), SHOWN)));
  }

  private void appendSources() {
    html.append("<h2>Data and judges</h2>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead>")
        .append("<tr><th>Suite</th><th>Data</th><th>n</th><th>Judges</th><th>SHA-256 of the rows")
        .append("</th></tr></thead>\n<tbody>\n");
    for (SuiteReport suite : report.suites()) {
      html.append("<tr><th>")
          .append(Svg.escape(suite.suite()))
          .append("</th><td>")
          .append(Svg.escape(suite.data()))
          .append("</td><td>")
          .append(suite.n())
          .append("</td><td>")
          .append(Svg.escape(judges(suite)))
          .append("</td><td><code>")
          .append(Svg.escape(suite.dataDigest().substring(0, 16)))
          .append("…</code></td></tr>\n");
    }
    html.append("</tbody>\n</table></div>\n");
    for (Calibration calibration : report.calibrations()) {
      html.append("<p>")
          .append(Svg.escape(ReportMarkdown.calibration(calibration)))
          .append(".</p>\n");
    }
  }

  private static String judge(SuiteReport suite) {
    return Svg.escape(suite.judges().get(0).toString());
  }

  private static String judges(SuiteReport suite) {
    return String.join("; ", suite.judges().stream().map(JudgeId::toString).toList());
  }
}
