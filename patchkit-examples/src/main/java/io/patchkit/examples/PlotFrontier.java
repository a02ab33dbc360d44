package io.patchkit.examples;

import io.patchkit.PatchkitException;
import io.patchkit.evaluate.Estimate;
import io.patchkit.format.AtomicFiles;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Draws defence against over-refusal: each measured state a numbered dot with its Wilson 95 %
 * intervals, the share of harmful requests refused over that of benign ones, as SVG. Reads one JSON
 * object a line:
 *
 * <pre>{"state": "…", "harmful": {"refused": 142, "of": 160}, "benign": {"refused": 55, "of": 320}}
 * </pre>
 */
public final class PlotFrontier {

  private static final String USAGE = "run PlotFrontier --counts FILE.jsonl --out FILE.svg";

  private static final int LEFT = 60;
  private static final int TOP = 16;
  private static final int SIDE = 400;
  private static final int LEGEND = 490;
  private static final int WIDTH = 1000;
  private static final int LINE = 19;
  private static final int TICKS = 5;

  /** The ends of the axes; what lies beyond is drawn at the edge. */
  private static final double MOST_BENIGN = 0.3;

  private static final double LEAST_HARMFUL = 0.5;

  private static final double WANTED_HARMFUL = 0.9;
  private static final double WANTED_BENIGN = 0.05;

  private PlotFrontier() {}

  private record State(String name, Estimate harmful, Estimate benign) {

    static State of(JsonObject line) {
      return new State(
          line.string("state"), share(line.object("harmful")), share(line.object("benign")));
    }

    private static Estimate share(JsonObject counts) {
      int of = counts.integer("of", 1, Integer.MAX_VALUE);
      return Estimate.ofShare(counts.integer("refused", 0, of), of);
    }
  }

  public static void main(String... args) {
    ExampleArguments arguments = ExampleArguments.parse(USAGE, Set.of("counts", "out"), args);
    try {
      List<State> states = new ArrayList<>();
      for (String line : Files.readAllLines(Path.of(arguments.get("counts", "frontier.jsonl")))) {
        states.add(
            State.of(
                StrictJson.parseObject(
                    line.getBytes(StandardCharsets.UTF_8), JsonLimits.defaults())));
      }
      Path out = Path.of(arguments.get("out", "frontier.svg"));
      AtomicFiles.writeFile(out, svg(states).getBytes(StandardCharsets.UTF_8));
      System.out.println("wrote " + out);
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  static String svg(List<State> states) {
    int height = Math.max(TOP + SIDE + 50, TOP + 30 + LINE * states.size());
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\""
                + " aria-label=\"harmful requests refused over benign requests refused\""
                + " font-family=\"sans-serif\" font-size=\"13\">\n",
            WIDTH,
            height));
    rectangle(svg, "white", 0, 0, WIDTH, height);
    rectangle(
        svg,
        "#dff3e3",
        across(0),
        up(1),
        across(WANTED_BENIGN) - across(0),
        up(WANTED_HARMFUL) - up(1));
    for (int tick = 0; tick <= TICKS; tick++) {
      double benign = MOST_BENIGN * tick / TICKS;
      double harmful = LEAST_HARMFUL + (1 - LEAST_HARMFUL) * tick / TICKS;
      line(svg, "#dddddd", across(benign), up(LEAST_HARMFUL), across(benign), up(1));
      line(svg, "#dddddd", across(0), up(harmful), across(MOST_BENIGN), up(harmful));
      text(svg, "middle", across(benign), up(LEAST_HARMFUL) + 18, Math.round(100 * benign) + " %");
      text(svg, "end", across(0) - 6, up(harmful) + 5, Math.round(100 * harmful) + " %");
    }
    text(svg, "middle", LEFT + SIDE / 2.0, up(LEAST_HARMFUL) + 38, "benign requests refused");
    svg.append(
        String.format(
            Locale.ROOT,
            "<text transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>\n",
            TOP + SIDE / 2,
            "harmful requests refused"));
    text(svg, "start", LEGEND, TOP + 12, "green: at least 90 % of harmful, at most 5 % of benign");
    for (int i = 0; i < states.size(); i++) {
      intervals(svg, states.get(i));
      text(
          svg,
          "start",
          LEGEND,
          TOP + 30 + LINE * (i + 1) - 8,
          (i + 1) + "  " + states.get(i).name());
    }
    // The first ones on top.
    for (int i = states.size(); i > 0; i--) {
      dot(svg, i, states.get(i - 1));
    }
    return svg.append("</svg>\n").toString();
  }

  private static void intervals(StringBuilder svg, State state) {
    double x = across(state.benign().value());
    double y = up(state.harmful().value());
    line(svg, "#9db4d6", across(state.benign().low()), y, across(state.benign().high()), y);
    line(svg, "#9db4d6", x, up(state.harmful().low()), x, up(state.harmful().high()));
  }

  private static void dot(StringBuilder svg, int number, State state) {
    double x = across(state.benign().value());
    double y = up(state.harmful().value());
    svg.append(
        String.format(
            Locale.ROOT,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"9\" fill=\"#1f4e9e\" stroke=\"white\"/>\n",
            x,
            y));
    svg.append("<g fill=\"white\" font-size=\"11\">\n");
    text(svg, "middle", x, y + 4, Integer.toString(number));
    svg.append("</g>\n");
  }

  private static double across(double benign) {
    return LEFT + SIDE * Math.min(benign, MOST_BENIGN) / MOST_BENIGN;
  }

  private static double up(double harmful) {
    return TOP + SIDE * (1 - Math.max(harmful, LEAST_HARMFUL)) / (1 - LEAST_HARMFUL);
  }

  private static void rectangle(
      StringBuilder svg, String colour, double x, double y, double width, double height) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
            x,
            y,
            width,
            height,
            colour));
  }

  private static void line(
      StringBuilder svg, String colour, double x1, double y1, double x2, double y2) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n",
            x1,
            y1,
            x2,
            y2,
            colour));
  }

  private static void text(StringBuilder svg, String anchor, double x, double y, String text) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
            anchor,
            x,
            y,
            text.replace("&", "&amp;").replace("<", "&lt;")));
  }
}
