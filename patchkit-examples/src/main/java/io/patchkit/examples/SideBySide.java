package io.patchkit.examples;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Two texts in two columns, wrapped at words. */
final class SideBySide {

  private final PrintStream out;
  private final int column;

  /**
   * @param width characters of a line
   */
  SideBySide(PrintStream out, int width) {
    this.out = out;
    this.column = (width - 3) / 2;
  }

  /** The width of the terminal as far as the shell tells, else 100. */
  static int terminalWidth() {
    try {
      return Math.max(40, Integer.parseInt(System.getenv().getOrDefault("COLUMNS", "100")));
    } catch (NumberFormatException e) {
      return 100;
    }
  }

  void print(String left, String right) {
    List<String> leftLines = wrap(left);
    List<String> rightLines = wrap(right);
    for (int i = 0; i < Math.max(leftLines.size(), rightLines.size()); i++) {
      String l = i < leftLines.size() ? leftLines.get(i) : "";
      String r = i < rightLines.size() ? rightLines.get(i) : "";
      out.println(l + " ".repeat(column - l.length()) + " | " + r);
    }
  }

  void rule() {
    out.println("-".repeat(column + 1) + "+" + "-".repeat(column + 1));
  }

  private List<String> wrap(String text) {
    List<String> lines = new ArrayList<>();
    for (String paragraph : text.split("\n", -1)) {
      StringBuilder line = new StringBuilder();
      for (String word : paragraph.split(" ", -1)) {
        String rest = word;
        if (line.length() > 0 && line.length() + 1 + rest.length() > column) {
          lines.add(line.toString());
          line.setLength(0);
        }
        while (rest.length() > column) {
          lines.add(rest.substring(0, column));
          rest = rest.substring(column);
        }
        line.append(line.length() == 0 ? "" : " ").append(rest);
      }
      lines.add(line.toString());
    }
    return lines;
  }
}
