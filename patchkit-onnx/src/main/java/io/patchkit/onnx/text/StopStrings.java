package io.patchkit.onnx.text;

import java.util.List;

/**
 * Ends a text before the first occurrence of any of some stop strings, however the text is cut into
 * pieces: what is returned never contains any part of the stop that ends it.
 *
 * <p>The first occurrence is the one that begins first. So text is held back from where a stop
 * string may have begun until it is clear whether it has; never more than the longest of them.
 *
 * <p>One per stream; not thread-safe.
 */
public final class StopStrings {

  private final List<String> stops;

  /** What is held back. */
  private String tail = "";

  private boolean stopped;

  /**
   * @param stops none empty; with no stops every piece passes through
   */
  public StopStrings(List<String> stops) {
    this.stops = List.copyOf(stops);
    for (String stop : this.stops) {
      if (stop.isEmpty()) {
        throw new IllegalArgumentException("a stop string is empty; expected at least a character");
      }
    }
  }

  /** The text that is safe to show after this piece; empty once {@link #isStopped()}. */
  public String push(String piece) {
    if (stopped) {
      return "";
    }
    String text = tail.isEmpty() ? piece : tail + piece;
    int match = firstMatch(text);
    int limit = match < 0 ? text.length() : match;
    int begun = firstBegun(text, limit);
    if (match >= 0 && begun == limit) {
      return stopAt(text, match);
    }
    tail = text.substring(begun);
    return text.substring(0, begun);
  }

  /**
   * The text that was held back, up to a stop string if one is in it; call once, after the last
   * piece.
   */
  public String finish() {
    if (stopped) {
      return "";
    }
    String text = tail;
    int match = firstMatch(text);
    if (match >= 0) {
      return stopAt(text, match);
    }
    tail = "";
    return text;
  }

  /** Whether a stop string has been found; nothing more is returned then. */
  public boolean isStopped() {
    return stopped;
  }

  private String stopAt(String text, int match) {
    stopped = true;
    tail = "";
    return text.substring(0, match);
  }

  private int firstMatch(String text) {
    int first = -1;
    for (String stop : stops) {
      int at = text.indexOf(stop);
      if (at >= 0 && (first < 0 || at < first)) {
        first = at;
      }
    }
    return first;
  }

  /** Where the earliest stop string begins that the end of the text cuts off, or the limit. */
  private int firstBegun(String text, int limit) {
    int first = limit;
    for (String stop : stops) {
      int from = Math.max(0, text.length() - stop.length() + 1);
      for (int at = from; at < first; at++) {
        if (stop.startsWith(text.substring(at))) {
          first = at;
        }
      }
    }
    return first;
  }
}
