package io.patchkit.format;

/**
 * How large a safetensors file a reader accepts.
 *
 * @param maxHeaderBytes bytes of the header with its padding
 * @param maxTensors tensors in the file
 * @param maxBytes bytes of the whole file
 */
public record SafetensorsLimits(int maxHeaderBytes, int maxTensors, long maxBytes) {

  private static final SafetensorsLimits DEFAULTS = new SafetensorsLimits(1 << 20, 4096, 256 << 20);

  public SafetensorsLimits {
    require("maxHeaderBytes", maxHeaderBytes, 100_000_000);
    require("maxTensors", maxTensors, Integer.MAX_VALUE);
    require("maxBytes", maxBytes, Long.MAX_VALUE);
  }

  /** A header of 1 MiB, 4,096 tensors, a file of 256 MiB. */
  public static SafetensorsLimits defaults() {
    return DEFAULTS;
  }

  public SafetensorsLimits withMaxHeaderBytes(int maxHeaderBytes) {
    return new SafetensorsLimits(maxHeaderBytes, maxTensors, maxBytes);
  }

  public SafetensorsLimits withMaxTensors(int maxTensors) {
    return new SafetensorsLimits(maxHeaderBytes, maxTensors, maxBytes);
  }

  public SafetensorsLimits withMaxBytes(long maxBytes) {
    return new SafetensorsLimits(maxHeaderBytes, maxTensors, maxBytes);
  }

  private static void require(String field, long value, long max) {
    if (value < 1 || value > max) {
      throw new IllegalArgumentException(field + " is " + value + "; allowed is 1 to " + max);
    }
  }
}
