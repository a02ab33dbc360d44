package io.patchkit.format;

import static io.patchkit.format.FormatException.Reason.DATA_TRUNCATED;
import static io.patchkit.format.FormatException.Reason.HEADER_LENGTH_MISSING;
import static io.patchkit.format.FormatException.Reason.HEADER_TOO_LARGE;
import static io.patchkit.format.FormatException.Reason.HEADER_TRUNCATED;
import static io.patchkit.format.FormatException.Reason.NON_FINITE_VALUE;
import static io.patchkit.format.FormatException.Reason.TOO_LARGE;
import static io.patchkit.format.FormatException.Reason.TRAILING_BYTES;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/** One reading of a safetensors file, front to back: there are no gaps, so nothing is sought. */
final class SafetensorsReader {

  private static final int LENGTH_BYTES = Long.BYTES;

  /** A multiple of every element's size. */
  private static final int CHUNK_BYTES = 64 << 10;

  private final InputStream in;
  private final byte[] chunk = new byte[CHUNK_BYTES];

  private SafetensorsReader(InputStream in) {
    this.in = in;
  }

  /**
   * Reads {@code in} to its end.
   *
   * @param fileBytes how many bytes it has; believed until it ends early or goes on
   */
  static Safetensors read(InputStream in, long fileBytes, SafetensorsLimits limits)
      throws IOException {
    if (fileBytes > limits.maxBytes()) {
      throw new FormatException(
          TOO_LARGE,
          "file",
          "expected at most " + limits.maxBytes() + " bytes, found " + fileBytes);
    }
    return new SafetensorsReader(in).file(fileBytes, limits);
  }

  private Safetensors file(long fileBytes, SafetensorsLimits limits) throws IOException {
    byte[] length = in.readNBytes(LENGTH_BYTES);
    if (length.length < LENGTH_BYTES) {
      throw new FormatException(
          HEADER_LENGTH_MISSING,
          "file",
          "expected " + LENGTH_BYTES + " bytes of header length, found " + length.length);
    }
    long headerBytes = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
    // The length is unsigned: a negative one is huge.
    if (headerBytes < 0 || headerBytes > limits.maxHeaderBytes()) {
      throw new FormatException(
          HEADER_TOO_LARGE,
          "header",
          "expected at most "
              + limits.maxHeaderBytes()
              + " bytes, found "
              + Long.toUnsignedString(headerBytes));
    }
    byte[] json = in.readNBytes((int) headerBytes);
    if (json.length < headerBytes) {
      throw new FormatException(
          HEADER_TRUNCATED, "header", "expected " + headerBytes + " bytes, found " + json.length);
    }
    SafetensorsHeader header =
        SafetensorsHeader.parse(json, fileBytes - LENGTH_BYTES - headerBytes, limits);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (TensorEntry entry : header.entries()) {
      tensors.put(entry.name(), Tensor.adopt(entry.dtype(), entry.shape(), values(entry)));
    }
    if (in.read() != -1) {
      throw new FormatException(TRAILING_BYTES, "data", "the file grew while it was read");
    }
    return new Safetensors(tensors, header.metadata());
  }

  private float[] values(TensorEntry entry) throws IOException {
    DType dtype = entry.dtype();
    float[] values = new float[entry.size()];
    int done = 0;
    while (done < values.length) {
      int count = Math.min(values.length - done, CHUNK_BYTES / dtype.bytes());
      int bytes = count * dtype.bytes();
      if (in.readNBytes(chunk, 0, bytes) < bytes) {
        throw new FormatException(
            DATA_TRUNCATED, entry.location(), "the file shrank while it was read");
      }
      dtype.get(ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN), values, done, count);
      requireFinite(values, done, count, entry);
      done += count;
    }
    return values;
  }

  private static void requireFinite(float[] values, int offset, int count, TensorEntry entry) {
    for (int i = offset; i < offset + count; i++) {
      if (!Float.isFinite(values[i])) {
        throw new FormatException(
            NON_FINITE_VALUE,
            entry.location(),
            "expected finite values, found " + values[i] + " at element " + i);
      }
    }
  }
}
