package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A named weight or constant of a graph: inside the protobuf when small, else in a file. */
public final class Initializer {

  private final OnnxMl.TensorProto proto;
  private final @Nullable ExternalData external;

  private Initializer(OnnxMl.TensorProto proto, @Nullable ExternalData external) {
    this.proto = proto;
    this.external = external;
  }

  /** A constant kept inside the graph. */
  public static Initializer of(String name, Tensor value) {
    return new Initializer(value.toProto().setName(name).build(), null);
  }

  /**
   * A weight that stays in a file.
   *
   * @throws IllegalArgumentException if the length is not the one that type and dimensions imply
   */
  public static Initializer external(
      String name, ElementType type, long[] dims, ExternalData external) {
    if (type.byteSize(dims) != external.length()) {
      throw new IllegalArgumentException(
          "external.length must be "
              + type.byteSize(dims)
              + " for "
              + type
              + Arrays.toString(dims)
              + ", found "
              + external.length());
    }
    OnnxMl.TensorProto.Builder proto =
        OnnxMl.TensorProto.newBuilder().setName(name).setDataType(type.number());
    for (long dim : dims) {
      proto.addDims(dim);
    }
    external.writeTo(proto);
    return new Initializer(proto.build(), external);
  }

  static Initializer of(OnnxMl.TensorProto proto) {
    if (proto.getDataLocation() != OnnxMl.TensorProto.DataLocation.EXTERNAL) {
      return new Initializer(proto, null);
    }
    String location = "";
    long offset = 0;
    long length = 0;
    // ModelFile has checked and completed these entries.
    for (OnnxMl.StringStringEntryProto entry : proto.getExternalDataList()) {
      switch (entry.getKey()) {
        case "location" -> location = entry.getValue();
        case "offset" -> offset = Long.parseLong(entry.getValue());
        case "length" -> length = Long.parseLong(entry.getValue());
        default -> {}
      }
    }
    return new Initializer(proto, new ExternalData(location, offset, length));
  }

  public String name() {
    return proto.getName();
  }

  public ElementType type() {
    return ElementType.of(proto.getDataType());
  }

  /** The dimensions, from the outermost to the innermost; empty for a scalar. */
  public long[] dims() {
    return dims(proto);
  }

  /** Where the weight lies, or null for a constant kept inside the graph. */
  public @Nullable ExternalData external() {
    return external;
  }

  /**
   * The value of a constant kept inside the graph.
   *
   * @throws IllegalStateException if it lies in a file
   */
  public Tensor value() {
    if (external != null) {
      throw new IllegalStateException("\"" + name() + "\" lies in " + external.location());
    }
    return Tensor.of(proto);
  }

  static long[] dims(OnnxMl.TensorProto proto) {
    long[] dims = new long[proto.getDimsCount()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = proto.getDims(i);
    }
    return dims;
  }

  OnnxMl.TensorProto proto() {
    return proto;
  }

  @Override
  public String toString() {
    return name() + " " + type() + Arrays.toString(dims());
  }
}
