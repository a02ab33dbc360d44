package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl;
import io.patchkit.UnsupportedModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a graph declares about a tensor: its name, element type and shape.
 *
 * @param dims the declared dimensions, or null where the graph leaves even the rank open
 */
public record TensorInfo(String name, ElementType type, @Nullable List<Dim> dims) {

  public TensorInfo {
    Objects.requireNonNull(name);
    Objects.requireNonNull(type);
    dims = dims == null ? null : List.copyOf(dims);
  }

  /** A tensor of the given dimensions, from the outermost to the innermost. */
  public static TensorInfo of(String name, ElementType type, Dim... dims) {
    return new TensorInfo(name, type, List.of(dims));
  }

  /** A tensor whose type and shape the runtime infers. */
  public static TensorInfo inferred(String name) {
    return new TensorInfo(name, ElementType.UNDEFINED, null);
  }

  /**
   * The size of dimension {@code axis}, or −1 where it is symbolic, absent or the rank is open.
   * Negative axes count from the last dimension.
   */
  public long size(int axis) {
    if (dims == null) {
      return -1;
    }
    int index = axis < 0 ? dims.size() + axis : axis;
    return index >= 0 && index < dims.size() && dims.get(index) instanceof Dim.Fixed fixed
        ? fixed.size()
        : -1;
  }

  static boolean isTensor(OnnxMl.ValueInfoProto proto) {
    return proto.getType().hasTensorType();
  }

  static TensorInfo of(OnnxMl.ValueInfoProto proto) {
    if (!isTensor(proto)) {
      throw new UnsupportedModelException(
          "Expected \""
              + proto.getName()
              + "\" to be a tensor, found "
              + proto.getType().getValueCase()
              + "; only decoders over plain tensors are supported");
    }
    OnnxMl.TypeProto.Tensor tensor = proto.getType().getTensorType();
    List<Dim> dims = null;
    if (tensor.hasShape()) {
      dims = new ArrayList<>();
      for (OnnxMl.TensorShapeProto.Dimension dim : tensor.getShape().getDimList()) {
        dims.add(dim.hasDimValue() ? Dim.of(dim.getDimValue()) : Dim.of(dim.getDimParam()));
      }
    }
    return new TensorInfo(proto.getName(), ElementType.of(tensor.getElemType()), dims);
  }

  OnnxMl.ValueInfoProto toProto() {
    if (type == ElementType.UNDEFINED) {
      return OnnxMl.ValueInfoProto.newBuilder().setName(name).build();
    }
    OnnxMl.TypeProto.Tensor.Builder tensor =
        OnnxMl.TypeProto.Tensor.newBuilder().setElemType(type.number());
    if (dims != null) {
      OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder();
      for (Dim dim : dims) {
        OnnxMl.TensorShapeProto.Dimension.Builder proto = shape.addDimBuilder();
        if (dim instanceof Dim.Fixed fixed) {
          proto.setDimValue(fixed.size());
        } else if (dim instanceof Dim.Symbolic symbolic && !symbolic.name().isEmpty()) {
          proto.setDimParam(symbolic.name());
        }
      }
      tensor.setShape(shape);
    }
    return OnnxMl.ValueInfoProto.newBuilder()
        .setName(name)
        .setType(OnnxMl.TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }
}
