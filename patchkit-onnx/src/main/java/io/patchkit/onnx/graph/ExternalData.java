package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl;
import java.util.Objects;

/**
 * Where a weight lies: {@code length} bytes from {@code offset} of the file {@code location},
 * relative to the model's folder.
 */
public record ExternalData(String location, long offset, long length) {

  public ExternalData {
    Objects.requireNonNull(location);
    if (offset < 0 || length < 0) {
      throw new IllegalArgumentException(
          "offset and length must not be negative, found " + offset + " and " + length);
    }
  }

  void writeTo(OnnxMl.TensorProto.Builder tensor) {
    tensor
        .clearRawData()
        .clearExternalData()
        .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
        .addExternalData(entry("location", location))
        .addExternalData(entry("offset", Long.toString(offset)))
        .addExternalData(entry("length", Long.toString(length)));
  }

  private static OnnxMl.StringStringEntryProto entry(String key, String value) {
    return OnnxMl.StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
