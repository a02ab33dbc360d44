package io.patchkit.examples;

import java.io.PrintStream;
import java.util.Locale;

/**
 * A line on the terminal that shows how far a task is. Where the output is no terminal it prints a
 * line at the end only. Used by one thread.
 */
final class ProgressBar {

  private static final int WIDTH = 32;
  private static final long REDRAW_NANOS = 100_000_000;

  private final PrintStream out;
  private final String task;
  private final boolean isTerminal = Boolean.getBoolean("patchkit.terminal");
  private final long started = System.nanoTime();
  private long drawn = started - REDRAW_NANOS;
  private boolean finished;

  ProgressBar(PrintStream out, String task) {
    this.out = out;
    this.task = task;
  }

  /** Shows that so much is done. */
  void advance(long done, long total) {
    long now = System.nanoTime();
    boolean complete = done >= total;
    if (finished || (!complete && (!isTerminal || now - drawn < REDRAW_NANOS))) {
      return;
    }
    drawn = now;
    finished = complete;
    double share = total == 0 ? 1 : (double) done / total;
    int filled = (int) (share * WIDTH);
    double seconds = (now - started) / 1e9;
    String rest =
        complete || done == 0
            ? String.format(Locale.ROOT, "%.1f s", seconds)
            : String.format(Locale.ROOT, "%.0f s left", seconds * (total - done) / done);
    out.printf(
        Locale.ROOT,
        "%s%-28s [%s%s] %3.0f %%  %-12s%s",
        isTerminal ? "\r" : "",
        task,
        "#".repeat(filled),
        ".".repeat(WIDTH - filled),
        100 * share,
        rest,
        complete ? "\n" : "");
    out.flush();
  }
}
