package io.patchkit.evaluate;

import java.util.Locale;

/** Writes an SVG picture that scales with the page and takes its colours from the page's style. */
final class Svg {

  /** Units of every picture's width; about a phone's pixels, so that texts stay readable. */
  static final int WIDTH = 380;

  /** Colours of the page's style; a variant has the one of its place. */
  static final int COLOURS = 6;

  private final StringBuilder out = new StringBuilder();

  /**
   * @param label what the picture shows, for those who do not see it
   */
  Svg(int height, String label) {
    out.append(
        format(
            "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n",
            WIDTH, height, escape(label)));
  }

  Svg line(String style, double x1, double y1, double x2, double y2) {
    out.append(
        format(
            "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
            style, x1, y1, x2, y2));
    return this;
  }

  Svg circle(String style, double x, double y, double radius) {
    out.append(
        format("<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>%n", style, x, y, radius));
    return this;
  }

  Svg rectangle(String style, double x, double y, double width, double height) {
    out.append(
        format(
            "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>%n",
            style, x, y, width, height));
    return this;
  }

  /**
   * @param anchor {@code start}, {@code middle} or {@code end}
   */
  Svg text(String style, String anchor, double x, double y, String text) {
    out.append(
            format(
                "<text class=\"%s\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">",
                style, anchor, x, y))
        .append(escape(text))
        .append("</text>\n");
    return this;
  }

  /** A text that reads upwards. */
  Svg upwards(double x, double y, String text) {
    out.append(
            format(
                "<text class=\"tick\" text-anchor=\"middle\" transform=\"translate(%.1f %.1f)"
                    + " rotate(-90)\">",
                x, y))
        .append(escape(text))
        .append("</text>\n");
    return this;
  }

  @Override
  public String toString() {
    return out + "</svg>\n";
  }

  static String colour(int variant) {
    return "c" + variant % COLOURS;
  }

  /** A text that fits into so many characters. */
  static String cut(String text, int characters) {
    if (text.length() <= characters) {
      return text;
    }
    int end = characters - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format.replace("%n", "\n"), arguments);
  }
}
