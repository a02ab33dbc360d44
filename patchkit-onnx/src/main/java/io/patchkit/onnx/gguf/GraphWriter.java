package io.patchkit.onnx.gguf;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * An ONNX graph under construction, and the plan of its external data file. Nodes are added in
 * execution order. Not thread-safe.
 */
final class GraphWriter {

  /** Regions of a page and more start on a page, so that the runtime can map them. */
  private static final int PAGE = 4096;

  private static final int LINE = 64;

  private final GraphProto.Builder graph = GraphProto.newBuilder();
  private final Set<String> initializers = new HashSet<>();
  private final List<Payload> payloads = new ArrayList<>();
  private final List<Long> payloadBytes = new ArrayList<>();
  private final String dataFile;
  private long dataBytes;

  GraphWriter(String graphName, String dataFile) {
    this.dataFile = dataFile;
    graph.setName(graphName);
  }

  void input(String name, TensorProto.DataType type, Object... dims) {
    graph.addInput(valueInfo(name, type, dims));
  }

  void output(String name, TensorProto.DataType type, Object... dims) {
    graph.addOutput(valueInfo(name, type, dims));
  }

  /** Adds a node whose first output is {@code name + "/output_0"}, and returns that output. */
  String node(
      String domain, String op, String name, List<String> inputs, Map<String, ?> attributes) {
    String output = name + "/output_0";
    node(domain, op, name, inputs, List.of(output), attributes);
    return output;
  }

  void node(
      String domain,
      String op,
      String name,
      List<String> inputs,
      List<String> outputs,
      Map<String, ?> attributes) {
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setDomain(domain)
            .setOpType(op)
            .setName(name)
            .addAllInput(inputs)
            .addAllOutput(outputs);
    for (Map.Entry<String, ?> attribute : new TreeMap<String, Object>(attributes).entrySet()) {
      node.addAttribute(attribute(attribute.getKey(), attribute.getValue()));
    }
    graph.addNode(node);
  }

  /** A small int64 vector inside the graph. */
  String int64s(String name, long... values) {
    return int64(name, new long[] {values.length}, values);
  }

  String int64Scalar(String name, long value) {
    return int64(name, new long[0], value);
  }

  private String int64(String name, long[] dims, long... values) {
    if (initializers.add(name)) {
      ByteBuffer bytes =
          ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asLongBuffer().put(values);
      TensorProto.Builder tensor =
          TensorProto.newBuilder()
              .setName(name)
              .setDataType(TensorProto.DataType.INT64.getNumber())
              .setRawData(ByteString.copyFrom(bytes));
      for (long dim : dims) {
        tensor.addDims(dim);
      }
      graph.addInitializer(tensor);
    }
    return name;
  }

  /** Reserves room in the external data file. */
  Region reserve(long bytes) {
    int alignment = bytes < PAGE ? LINE : PAGE;
    long offset = (dataBytes + alignment - 1) / alignment * alignment;
    dataBytes = offset + bytes;
    return new Region(offset, bytes);
  }

  /** Adds an initializer whose bytes are a region of the external data file. */
  String external(String name, TensorProto.DataType type, Region region, long... dims) {
    if (!initializers.add(name)) {
      throw new IllegalStateException("initializer " + name + " is there already");
    }
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type.getNumber())
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(entry("location", dataFile))
            .addExternalData(entry("offset", Long.toString(region.offset())))
            .addExternalData(entry("length", Long.toString(region.bytes())));
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    graph.addInitializer(tensor);
    return name;
  }

  /** Plans the writing of {@code bytes} reserved bytes. */
  void payload(long bytes, Payload payload) {
    payloads.add(payload);
    payloadBytes.add(bytes);
  }

  List<Payload> payloads() {
    return payloads;
  }

  long payloadBytes(int payload) {
    return payloadBytes.get(payload);
  }

  long dataBytes() {
    return dataBytes;
  }

  ModelProto model(String producer) {
    return ModelProto.newBuilder()
        .setIrVersion(10)
        .setProducerName(producer)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(22))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("com.microsoft").setVersion(1))
        .setGraph(graph)
        .build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private static ValueInfoProto valueInfo(String name, TensorProto.DataType type, Object... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object dim : dims) {
      TensorShapeProto.Dimension.Builder dimension = shape.addDimBuilder();
      if (dim instanceof Integer size) {
        dimension.setDimValue(size);
      } else {
        dimension.setDimParam((String) dim);
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }

  private static AttributeProto attribute(String name, Object value) {
    AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name);
    if (value instanceof Integer whole) {
      return attribute.setType(AttributeProto.AttributeType.INT).setI(whole).build();
    } else if (value instanceof Float real) {
      return attribute.setType(AttributeProto.AttributeType.FLOAT).setF(real).build();
    }
    throw new IllegalArgumentException(
        "attribute " + name + " is " + value + "; allowed: int, float");
  }
}
