package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl;
import ai.onnx.proto.OnnxMl.AttributeProto;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One operator of a graph: what it computes, from which names, to which names. An empty name stands
 * for an optional input or output that is left out.
 *
 * <p>Nodes are compared by identity. Operator and attributes never change; the inputs of a node
 * that belongs to a {@link Graph} change through that graph only. Not thread-safe.
 */
public final class Node {

  /** The domain of ONNX Runtime's own operators. */
  public static final String MICROSOFT = "com.microsoft";

  private OnnxMl.NodeProto proto;

  private Node(OnnxMl.NodeProto proto) {
    this.proto = proto;
  }

  /** An operator of the standard domain. */
  public static Node of(String opType, List<String> inputs, List<String> outputs) {
    return new Node(
        OnnxMl.NodeProto.newBuilder()
            .setOpType(opType)
            .addAllInput(inputs)
            .addAllOutput(outputs)
            .setName(outputs.get(0))
            .build());
  }

  static Node of(OnnxMl.NodeProto proto) {
    // Both spellings name the standard domain.
    return new Node(
        proto.getDomain().equals("ai.onnx") ? proto.toBuilder().clearDomain().build() : proto);
  }

  /** The same operator in another domain. */
  public Node in(String domain) {
    return new Node(proto.toBuilder().setDomain(domain).build());
  }

  /** The same operator with an integer attribute. */
  public Node with(String attribute, long value) {
    return with(
        AttributeProto.newBuilder()
            .setName(attribute)
            .setType(AttributeProto.AttributeType.INT)
            .setI(value));
  }

  /** The same operator with a floating-point attribute. */
  public Node with(String attribute, float value) {
    return with(
        AttributeProto.newBuilder()
            .setName(attribute)
            .setType(AttributeProto.AttributeType.FLOAT)
            .setF(value));
  }

  /** The same operator with a list of integers as attribute. */
  public Node with(String attribute, List<Long> values) {
    return with(
        AttributeProto.newBuilder()
            .setName(attribute)
            .setType(AttributeProto.AttributeType.INTS)
            .addAllInts(values));
  }

  /** The same operator with a text attribute. */
  public Node with(String attribute, String value) {
    return with(
        AttributeProto.newBuilder()
            .setName(attribute)
            .setType(AttributeProto.AttributeType.STRING)
            .setS(com.google.protobuf.ByteString.copyFromUtf8(value)));
  }

  /** The same operator with a tensor as attribute. */
  public Node with(String attribute, Tensor value) {
    return with(
        AttributeProto.newBuilder()
            .setName(attribute)
            .setType(AttributeProto.AttributeType.TENSOR)
            .setT(value.toProto()));
  }

  private Node with(AttributeProto.Builder attribute) {
    OnnxMl.NodeProto.Builder builder = proto.toBuilder();
    for (int i = 0; i < builder.getAttributeCount(); i++) {
      if (builder.getAttribute(i).getName().equals(attribute.getName())) {
        return new Node(builder.setAttribute(i, attribute).build());
      }
    }
    return new Node(builder.addAttribute(attribute).build());
  }

  /** The operator, such as {@code MatMul}. */
  public String opType() {
    return proto.getOpType();
  }

  /** The operator's domain; empty for the standard one. */
  public String domain() {
    return proto.getDomain();
  }

  /** True for the standard operator of that name. */
  public boolean is(String opType) {
    return proto.getDomain().isEmpty() && proto.getOpType().equals(opType);
  }

  /** True for ONNX Runtime's own operator of that name. */
  public boolean isMicrosoft(String opType) {
    return proto.getDomain().equals(MICROSOFT) && proto.getOpType().equals(opType);
  }

  public String name() {
    return proto.getName();
  }

  public List<String> inputs() {
    return List.copyOf(proto.getInputList());
  }

  public List<String> outputs() {
    return List.copyOf(proto.getOutputList());
  }

  /** The name of input {@code index}, empty where it is left out. */
  public String input(int index) {
    return index < proto.getInputCount() ? proto.getInput(index) : "";
  }

  /** The name of output {@code index}, empty where it is left out. */
  public String output(int index) {
    return index < proto.getOutputCount() ? proto.getOutput(index) : "";
  }

  /** The integer attribute {@code name}, or {@code absent}. */
  public long attribute(String name, long absent) {
    AttributeProto attribute = attribute(name);
    return attribute == null ? absent : attribute.getI();
  }

  /** The floating-point attribute {@code name}, or {@code absent}. */
  public float attribute(String name, float absent) {
    AttributeProto attribute = attribute(name);
    return attribute == null ? absent : attribute.getF();
  }

  /** The text attribute {@code name}, or {@code absent}. */
  public String attribute(String name, String absent) {
    AttributeProto attribute = attribute(name);
    return attribute == null ? absent : attribute.getS().toStringUtf8();
  }

  /** The list of integers {@code name}, or null where it is absent. */
  public long @Nullable [] longs(String name) {
    AttributeProto attribute = attribute(name);
    if (attribute == null) {
      return null;
    }
    long[] values = new long[attribute.getIntsCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = attribute.getInts(i);
    }
    return values;
  }

  /** The value of a {@code Constant}, or null for every other operator and for text. */
  @Nullable Tensor constantValue() {
    if (!is("Constant") || proto.getAttributeCount() == 0) {
      return null;
    }
    AttributeProto value = proto.getAttribute(0);
    return switch (value.getName()) {
      case "value" ->
          value.getT().getDataType() == ElementType.STRING.number()
              ? null
              : Tensor.of(value.getT());
      case "value_int" -> Tensor.scalar(value.getI());
      case "value_float" -> Tensor.scalar(value.getF());
      case "value_ints" -> {
        long[] values = new long[value.getIntsCount()];
        for (int i = 0; i < values.length; i++) {
          values[i] = value.getInts(i);
        }
        yield Tensor.ofLongs(values);
      }
      case "value_floats" -> {
        float[] values = new float[value.getFloatsCount()];
        for (int i = 0; i < values.length; i++) {
          values[i] = value.getFloats(i);
        }
        yield Tensor.ofFloats(new long[] {values.length}, values);
      }
      default -> null;
    };
  }

  /** Every name this node reads: its inputs and what its subgraphs capture from outside. */
  public Set<String> reads() {
    Set<String> names = new LinkedHashSet<>(proto.getInputList());
    for (OnnxMl.GraphProto body : Subgraphs.of(proto)) {
      names.addAll(Subgraphs.captures(body));
    }
    names.remove("");
    return names;
  }

  void rename(String from, String to) {
    OnnxMl.NodeProto.Builder builder = proto.toBuilder();
    for (int i = 0; i < builder.getInputCount(); i++) {
      if (builder.getInput(i).equals(from)) {
        builder.setInput(i, to);
      }
    }
    Subgraphs.rename(builder, from, to);
    proto = builder.build();
  }

  void setInput(int index, String to) {
    OnnxMl.NodeProto.Builder builder = proto.toBuilder();
    List<String> inputs = new ArrayList<>(builder.getInputList());
    while (inputs.size() <= index) {
      inputs.add("");
    }
    inputs.set(index, to);
    proto = builder.clearInput().addAllInput(inputs).build();
  }

  void setOutputs(List<String> names) {
    proto = proto.toBuilder().clearOutput().addAllOutput(names).build();
  }

  OnnxMl.NodeProto proto() {
    return proto;
  }

  private @Nullable AttributeProto attribute(String name) {
    for (AttributeProto attribute : proto.getAttributeList()) {
      if (attribute.getName().equals(name)) {
        return attribute;
      }
    }
    return null;
  }

  @Override
  public String toString() {
    String operator = domain().isEmpty() ? opType() : domain() + "." + opType();
    return operator + " \"" + name() + "\"";
  }
}
