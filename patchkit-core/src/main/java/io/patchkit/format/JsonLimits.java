package io.patchkit.format;

/**
 * How much JSON a reader accepts.
 *
 * @param maxBytes bytes of the document
 * @param maxDepth objects and arrays that may nest, at most {@value #DEEPEST}; the outermost counts
 * @param maxStringLength UTF-16 units of a string or key
 */
public record JsonLimits(int maxBytes, int maxDepth, int maxStringLength) {

  /** Values are read recursively; this many levels fit any thread's stack. */
  static final int DEEPEST = 512;

  private static final JsonLimits DEFAULTS = new JsonLimits(256 << 10, 32, 64 << 10);
  private static final JsonLimits LARGE = new JsonLimits(16 << 20, 64, 4 << 20);

  public JsonLimits {
    require("maxBytes", maxBytes, Integer.MAX_VALUE - 1);
    require("maxDepth", maxDepth, DEEPEST);
    require("maxStringLength", maxStringLength, Integer.MAX_VALUE);
  }

  /** For small documents from anywhere: 256 KiB, 32 levels, strings of 65,536 units. */
  public static JsonLimits defaults() {
    return DEFAULTS;
  }

  /** For large configuration files: 16 MiB, 64 levels, strings of 4,194,304 units. */
  public static JsonLimits large() {
    return LARGE;
  }

  public JsonLimits withMaxBytes(int maxBytes) {
    return new JsonLimits(maxBytes, maxDepth, maxStringLength);
  }

  public JsonLimits withMaxDepth(int maxDepth) {
    return new JsonLimits(maxBytes, maxDepth, maxStringLength);
  }

  public JsonLimits withMaxStringLength(int maxStringLength) {
    return new JsonLimits(maxBytes, maxDepth, maxStringLength);
  }

  private static void require(String field, int value, int max) {
    if (value < 1 || value > max) {
      throw new IllegalArgumentException(field + " is " + value + "; allowed is 1 to " + max);
    }
  }
}
