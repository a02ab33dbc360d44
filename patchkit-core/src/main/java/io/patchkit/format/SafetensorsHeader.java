package io.patchkit.format;

import static io.patchkit.format.FormatException.Reason.DATA_TRUNCATED;
import static io.patchkit.format.FormatException.Reason.DUPLICATE_KEY;
import static io.patchkit.format.FormatException.Reason.DUPLICATE_METADATA_KEY;
import static io.patchkit.format.FormatException.Reason.DUPLICATE_TENSOR;
import static io.patchkit.format.FormatException.Reason.GAP;
import static io.patchkit.format.FormatException.Reason.HEADER_PADDING;
import static io.patchkit.format.FormatException.Reason.HEADER_START;
import static io.patchkit.format.FormatException.Reason.NEGATIVE_DIMENSION;
import static io.patchkit.format.FormatException.Reason.NEGATIVE_OFFSET;
import static io.patchkit.format.FormatException.Reason.NO_TENSORS;
import static io.patchkit.format.FormatException.Reason.OFFSETS_REVERSED;
import static io.patchkit.format.FormatException.Reason.OVERLAP;
import static io.patchkit.format.FormatException.Reason.RANK_TOO_LARGE;
import static io.patchkit.format.FormatException.Reason.SHAPE_OVERFLOW;
import static io.patchkit.format.FormatException.Reason.SIZE_MISMATCH;
import static io.patchkit.format.FormatException.Reason.TOO_MANY_TENSORS;
import static io.patchkit.format.FormatException.Reason.TRAILING_BYTES;
import static io.patchkit.format.FormatException.Reason.UNSUPPORTED_DTYPE;
import static io.patchkit.format.FormatException.Reason.VALUE_NOT_ALLOWED;
import static io.patchkit.format.FormatException.Reason.ZERO_DIMENSION;

import io.patchkit.format.FormatException.Reason;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file, checked.
 *
 * @param entries in the order of their bytes, each beginning where the one before ends, from 0 on
 */
record SafetensorsHeader(List<TensorEntry> entries, Map<String, String> metadata) {

  static final String METADATA = "__metadata__";

  private static final int MAX_DEPTH = 32;

  /**
   * Parses a header.
   *
   * @param bytes the header with its padding, without its length
   * @param dataBytes the bytes of the file that follow the header
   */
  static SafetensorsHeader parse(byte[] bytes, long dataBytes, SafetensorsLimits limits) {
    JsonObject header = json(bytes);
    Map<String, String> metadata = new LinkedHashMap<>();
    List<TensorEntry> entries = new ArrayList<>();
    for (String name : header.names()) {
      if (name.equals(METADATA)) {
        JsonObject object = header.object(METADATA);
        for (String key : object.names()) {
          metadata.put(key, object.string(key));
        }
      } else if (entries.size() == limits.maxTensors()) {
        throw new FormatException(
            TOO_MANY_TENSORS, "$", "expected at most " + limits.maxTensors() + " tensors");
      } else {
        entries.add(entry(name, header.object(name)));
      }
    }
    if (entries.isEmpty()) {
      throw new FormatException(NO_TENSORS, "$", "expected at least one tensor, found none");
    }
    entries.sort(Comparator.comparingLong(TensorEntry::begin));
    requireContiguous(entries, dataBytes);
    return new SafetensorsHeader(entries, metadata);
  }

  private static JsonObject json(byte[] bytes) {
    if (bytes.length == 0 || bytes[0] != '{') {
      throw new FormatException(HEADER_START, "header", "expected { as its first byte");
    }
    int end = bytes.length;
    while (bytes[end - 1] == ' ') {
      end--;
    }
    if (bytes[end - 1] != '}') {
      throw new FormatException(
          HEADER_PADDING, "header", "expected } and then nothing but spaces at its end");
    }
    try {
      return StrictJson.parseObject(Arrays.copyOf(bytes, end), new JsonLimits(end, MAX_DEPTH, end));
    } catch (FormatException e) {
      if (e.reason() != DUPLICATE_KEY) {
        throw e;
      }
      throw switch (e.location()) {
        case "$" -> e.as(DUPLICATE_TENSOR);
        case "$." + METADATA -> e.as(DUPLICATE_METADATA_KEY);
        default -> e;
      };
    }
  }

  private static TensorEntry entry(String name, JsonObject json) {
    FormatException refusal = TensorName.refusal(name);
    if (refusal != null) {
      throw refusal;
    }
    json.rejectUnknown("dtype", "shape", "data_offsets");
    DType dtype = dtype(json);
    JsonArray dimensions = json.array("shape");
    List<Long> shape = shape(dimensions);
    int size = size(shape, dimensions.path());
    JsonArray offsets = json.array("data_offsets");
    if (offsets.size() != 2) {
      throw new FormatException(
          VALUE_NOT_ALLOWED,
          offsets.path(),
          "expected begin and end, found " + offsets.size() + " offsets");
    }
    long begin = offset(offsets, 0);
    long end = offset(offsets, 1);
    if (end < begin) {
      throw new FormatException(
          OFFSETS_REVERSED, offsets.path(), "begins at " + begin + " and ends at " + end);
    }
    long needed = (long) size * dtype.bytes();
    if (end - begin != needed) {
      throw new FormatException(
          SIZE_MISMATCH,
          json.path(),
          dtype + shape.toString() + " needs " + needed + " bytes, found " + (end - begin));
    }
    return new TensorEntry(name, dtype, shape, size, begin);
  }

  private static DType dtype(JsonObject json) {
    String name = json.string("dtype");
    for (DType dtype : DType.values()) {
      if (dtype.name().equals(name)) {
        return dtype;
      }
    }
    throw new FormatException(
        UNSUPPORTED_DTYPE,
        json.path("dtype"),
        "expected one of " + Arrays.toString(DType.values()) + ", found " + JsonText.quote(name));
  }

  private static List<Long> shape(JsonArray dimensions) {
    if (dimensions.size() > Tensor.MAX_RANK) {
      throw new FormatException(
          RANK_TOO_LARGE,
          dimensions.path(),
          "expected at most " + Tensor.MAX_RANK + " dimensions, found " + dimensions.size());
    }
    List<Long> shape = new ArrayList<>();
    for (int i = 0; i < dimensions.size(); i++) {
      if (dimensions.get(i) instanceof JsonInteger dimension) {
        requireDimension(dimension.value(), JsonText.element(dimensions.path(), i));
      }
      shape.add(dimensions.integer(i, 1, Long.MAX_VALUE));
    }
    return shape;
  }

  private static void requireDimension(BigInteger dimension, String location) {
    if (dimension.signum() < 0) {
      throw new FormatException(
          NEGATIVE_DIMENSION, location, "expected a dimension of at least 1, found " + dimension);
    }
    if (dimension.signum() == 0) {
      throw new FormatException(
          ZERO_DIMENSION, location, "expected a dimension of at least 1, found 0");
    }
    if (dimension.bitLength() >= Long.SIZE) {
      throw new FormatException(
          SHAPE_OVERFLOW, location, "expected a dimension below 2^63, found " + dimension);
    }
  }

  private static int size(List<Long> shape, String location) {
    long size = 1;
    for (long dimension : shape) {
      if (dimension > Tensor.MAX_SIZE / size) {
        throw new FormatException(
            SHAPE_OVERFLOW,
            location,
            "expected at most " + Tensor.MAX_SIZE + " elements, found the shape " + shape);
      }
      size *= dimension;
    }
    return (int) size;
  }

  private static long offset(JsonArray offsets, int index) {
    if (offsets.get(index) instanceof JsonInteger offset && offset.value().signum() < 0) {
      throw new FormatException(
          NEGATIVE_OFFSET,
          JsonText.element(offsets.path(), index),
          "expected an offset of at least 0, found " + offset.value());
    }
    return offsets.integer(index, 0, Long.MAX_VALUE);
  }

  private static void requireContiguous(List<TensorEntry> entries, long dataBytes) {
    long expected = 0;
    for (TensorEntry entry : entries) {
      if (entry.begin() != expected) {
        Reason reason = entry.begin() < expected ? OVERLAP : GAP;
        throw new FormatException(
            reason,
            entry.location(),
            "expected to begin at "
                + expected
                + ", where the one before ends, found "
                + entry.begin());
      }
      expected = entry.end();
    }
    if (expected != dataBytes) {
      Reason reason = expected > dataBytes ? DATA_TRUNCATED : TRAILING_BYTES;
      throw new FormatException(
          reason, "data", "expected " + expected + " bytes after the header, found " + dataBytes);
    }
  }
}
