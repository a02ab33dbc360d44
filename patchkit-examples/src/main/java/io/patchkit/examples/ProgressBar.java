package io.patchkit.examples;

import java.io.PrintStream;
import java.time.Duration;
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

  /** Shows that so much is done; the rest takes as long in proportion. */
  void advance(long done, long total) {
    double spent = seconds(System.nanoTime() - started);
    advance(done, total, task, done == 0 ? -1 : spent * (total - done) / done);
  }

  /** Shows that so much is done, what of it is in hand, and how long the rest takes. */
  void advance(long done, long total, String inHand, Duration remaining) {
    advance(done, total, inHand, seconds(remaining.toNanos()));
  }

  /**
   * @param remaining seconds, below 0 where they are not known
   */
  private void advance(long done, long total, String inHand, double remaining) {
    long now = System.nanoTime();
    boolean complete = done >= total;
    if (finished || (!complete && (!isTerminal || now - drawn < REDRAW_NANOS))) {
      return;
    }
    drawn = now;
    finished = complete;
    double share = total == 0 ? 1 : (double) done / total;
    int filled = (int) (share * WIDTH);
    String rest =
        complete || remaining < 0
            ? String.format(Locale.ROOT, "%.1f s", seconds(now - started))
            : String.format(Locale.ROOT, "%.0f s left", remaining);
    out.printf(
        Locale.ROOT,
        "%s%-28s [%s%s] %3.0f %%  %-12s%s",
        isTerminal ? "\r" : "",
        complete ? task : inHand,
        "#".repeat(filled),
        ".".repeat(WIDTH - filled),
        100 * share,
        rest,
        complete ? "\n" : "");
    out.flush();
  }

  private static double seconds(long nanos) {
    return nanos / 1e9;
  }
}
