package io.patchkit.train;

import io.patchkit.format.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A page of a training's curves that needs nothing else: no script, no other file. It is
 * well-formed XML, too. Equal metrics give an equal page. Not thread-safe.
 */
final class RunPage {

  private static final String STYLE =
      """
      :root { color-scheme: light dark;
        --ground: #ffffff; --card: #f6f7f9; --ink: #1b1f24; --faint: #59636e; --rule: #d8dde3;
        --warn: #8a4b00; --warn-ground: #fff4e0;
        --c0: #1f6fd6; --c1: #c2410c; --c2: #0f7f5a; --c3: #8b46c1; --c4: #9a6a00; --c5: #c02669; }
      @media (prefers-color-scheme: dark) { :root {
        --ground: #14171b; --card: #1d2126; --ink: #e6e9ed; --faint: #9aa4af; --rule: #363c44;
        --warn: #ffc069; --warn-ground: #33260f;
        --c0: #6aa8ff; --c1: #ff9a62; --c2: #4fd1a1; --c3: #c79bff; --c4: #e3b341; --c5: #ff85b8; } }
      * { box-sizing: border-box; }
      body { margin: 0 auto; padding: 1rem; max-width: 84rem; background: var(--ground);
        color: var(--ink); font: 16px/1.45 system-ui, sans-serif; }
      h1 { font-size: 1.4rem; margin: 0.2rem 0 0.8rem; }
      h2 { font-size: 1rem; margin: 0; }
      dl { display: flex; flex-wrap: wrap; gap: 0.4rem 2rem; margin: 0 0 1rem; }
      dt { color: var(--faint); font-size: 0.85rem; }
      dd { margin: 0; font-variant-numeric: tabular-nums; }
      .bar { height: 6px; border-radius: 3px; background: var(--rule); margin-bottom: 1rem; }
      .bar div { height: 6px; border-radius: 3px; background: var(--c0); }
      .warning { color: var(--warn); background: var(--warn-ground); border-radius: 8px;
        padding: 0.5rem 0.8rem; margin: 0 0 0.6rem; overflow-wrap: anywhere; }
      .charts { display: grid; gap: 1rem;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); }
      section { background: var(--card); border-radius: 8px; padding: 0.8rem; min-width: 0; }
      ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; margin: 0.2rem 0;
        padding: 0; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
      li i { display: inline-block; width: 0.9rem; height: 0.25rem; border-radius: 2px;
        margin-right: 0.4rem; vertical-align: middle; }
      svg { display: block; width: 100%; height: auto; }
      text { fill: var(--faint); font-size: 13px; }
      .grid { stroke: var(--rule); stroke-width: 1; }
      .axis { stroke: var(--faint); stroke-width: 1; }
      polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
      polyline.raw { stroke-width: 1; opacity: 0.3; }
      """;

  private final Curves curves = new Curves();
  private final List<String> warnings = new ArrayList<>();
  private final int steps;
  private @Nullable JsonObject last;

  /**
   * @param steps of the whole training
   */
  RunPage(int steps) {
    this.steps = steps;
  }

  /** Takes in a line of metrics. */
  void add(JsonObject line) {
    curves.add(line);
    String event = line.string("event");
    if (event.equals("step")) {
      last = line;
    } else if (event.equals("warning")) {
      warnings.add(
          "Step " + line.integer("step", 0, Integer.MAX_VALUE) + ": " + line.string("message"));
    }
  }

  /**
   * The page.
   *
   * @param outcome how the training ended, null while it runs
   */
  String html(@Nullable String outcome) {
    StringBuilder html = new StringBuilder();
    html.append(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>Patch training</title>
        <style>
        """);
    for (int i = 0; i < LineChart.COLOURS; i++) {
      html.append(
          "polyline.c%d { stroke: var(--c%d); } circle.c%d, i.c%d { fill: var(--c%d); background: var(--c%d); }\n"
              .formatted(i, i, i, i, i, i));
    }
    html.append(STYLE).append("</style>\n</head>\n<body>\n<h1>Patch training</h1>\n");
    appendState(html, outcome);
    for (String warning : warnings) {
      html.append("<p class=\"warning\">").append(escape(warning)).append("</p>\n");
    }
    html.append("<div class=\"charts\">\n");
    curves.charts().forEach((title, chart) -> appendChart(html, title, chart));
    return html.append("</div>\n</body>\n</html>\n").toString();
  }

  private void appendState(StringBuilder html, @Nullable String outcome) {
    JsonObject step = last;
    int done = step == null ? 0 : step.integer("step", 0, Integer.MAX_VALUE) + 1;
    html.append("<dl>\n");
    appendFact(html, "Steps", done + " of " + steps);
    if (step != null) {
      appendFact(html, "Loss", significant(number(step, "loss")));
      appendFact(html, "Learning rate", significant(number(step, "learning_rate")));
      appendFact(html, "Time", duration(number(step, "elapsed_seconds")));
      if (outcome == null) {
        appendFact(html, "Time left", duration(number(step, "remaining_seconds")));
      }
    }
    appendFact(html, "State", outcome == null ? "running" : outcome);
    html.append("</dl>\n<div class=\"bar\"><div style=\"width: ")
        .append(Math.min(100, 100L * done / steps))
        .append("%\"></div></div>\n");
  }

  private static void appendFact(StringBuilder html, String name, String value) {
    html.append("<div><dt>")
        .append(name)
        .append("</dt><dd>")
        .append(escape(value))
        .append("</dd></div>\n");
  }

  private void appendChart(StringBuilder html, String title, Map<String, Curves.Curve> chart) {
    html.append("<section>\n<h2>").append(escape(title)).append("</h2>\n<ul>\n");
    int colour = 0;
    for (Map.Entry<String, Curves.Curve> curve : chart.entrySet()) {
      html.append(
          "<li><i class=\"c%d\"></i>%s %s</li>\n"
              .formatted(
                  colour++ % LineChart.COLOURS,
                  escape(curve.getKey()),
                  significant(curve.getValue().last())));
    }
    html.append("</ul>\n").append(LineChart.svg(title, chart, steps)).append("</section>\n");
  }

  private static double number(JsonObject json, String field) {
    return json.number(field, -Double.MAX_VALUE, Double.MAX_VALUE);
  }

  /** Four significant digits. */
  private static String significant(double value) {
    double size = Math.abs(value);
    if (size != 0 && (size < 1e-3 || size >= 1e5)) {
      return String.format(Locale.ROOT, "%.2e", value);
    }
    int whole = size < 1 ? 1 : (int) Math.floor(Math.log10(size)) + 1;
    return String.format(Locale.ROOT, "%." + Math.max(0, 4 - whole) + "f", value);
  }

  private static String duration(double seconds) {
    Duration duration = Duration.ofSeconds(Math.round(seconds));
    if (duration.toHours() > 0) {
      return duration.toHours() + " h " + duration.toMinutesPart() + " min";
    }
    return duration.toMinutes() > 0
        ? duration.toMinutes() + " min " + duration.toSecondsPart() + " s"
        : duration.toSeconds() + " s";
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
