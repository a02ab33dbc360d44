package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl;
import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A mutable working copy of an ONNX graph, indexed by name.
 *
 * <p>In ONNX a tensor is a name: it is an input of the graph, an initializer or the output of one
 * node, and any number of nodes read it. Names that the body of an {@code If} or {@code Loop}
 * captures count as read by that node. Nodes may be added in any order; {@link #toBytes} sorts
 * them.
 *
 * <p>Not thread-safe.
 */
public final class Graph {

  /** Larger constants are weights: they are never read into memory. */
  private static final int MAX_CONSTANT_BYTES = 1 << 20;

  private final OnnxMl.ModelProto base;
  private final @Nullable WeightFiles weights;
  private final Map<String, Long> opsets = new LinkedHashMap<>();
  private final Map<String, TensorInfo> inputs = new LinkedHashMap<>();
  private final Map<String, TensorInfo> outputs = new LinkedHashMap<>();
  private final Map<String, TensorInfo> valueInfos = new LinkedHashMap<>();
  private final Map<String, Initializer> initializers = new LinkedHashMap<>();
  private final Set<Node> nodes = new LinkedHashSet<>();
  private final Map<String, Node> producers = new HashMap<>();
  private final Map<String, Set<Node>> consumers = new HashMap<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, Integer> suffixes = new HashMap<>();

  /**
   * An empty graph of the given IR version and standard operator set; other domains are added by
   * {@link #importOpset}.
   */
  public Graph(int irVersion, int opset) {
    this(
        OnnxMl.ModelProto.newBuilder()
            .setIrVersion(irVersion)
            .setProducerName("patchkit")
            .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(opset))
            .setGraph(OnnxMl.GraphProto.newBuilder().setName("graph"))
            .build(),
        null);
  }

  Graph(OnnxMl.ModelProto model, @Nullable WeightFiles weights) {
    OnnxMl.GraphProto graph = model.getGraph();
    if (graph.getSparseInitializerCount() > 0) {
      throw new UnsupportedModelException(
          "Expected dense initializers, found "
              + graph.getSparseInitializerCount()
              + " sparse ones; export the model without them");
    }
    this.weights = weights;
    this.base = model.toBuilder().clearOpsetImport().clearGraph().build();
    for (OnnxMl.OperatorSetIdProto opset : model.getOpsetImportList()) {
      opsets.put(standard(opset.getDomain()), opset.getVersion());
    }
    for (OnnxMl.TensorProto initializer : graph.getInitializerList()) {
      add(Initializer.of(initializer));
    }
    for (OnnxMl.ValueInfoProto input : graph.getInputList()) {
      // Up to IR version 3 initializers are listed as inputs too.
      if (!initializers.containsKey(input.getName())) {
        addInput(TensorInfo.of(input));
      }
    }
    for (OnnxMl.NodeProto node : graph.getNodeList()) {
      add(Node.of(node));
    }
    for (OnnxMl.ValueInfoProto output : graph.getOutputList()) {
      outputs.put(output.getName(), TensorInfo.of(output));
    }
    for (OnnxMl.ValueInfoProto info : graph.getValueInfoList()) {
      if (TensorInfo.isTensor(info) && info.getType().getTensorType().getElemType() != 0) {
        valueInfos.put(info.getName(), TensorInfo.of(info));
      }
    }
  }

  private Graph(Graph other) {
    this.base = other.base;
    this.weights = other.weights;
    opsets.putAll(other.opsets);
    for (TensorInfo input : other.inputs.values()) {
      addInput(input);
    }
    for (Initializer initializer : other.initializers.values()) {
      add(initializer);
    }
    for (Node node : other.nodes) {
      add(Node.of(node.proto()));
    }
    outputs.putAll(other.outputs);
    valueInfos.putAll(other.valueInfos);
  }

  /** An independent copy; weights are not copied, only referred to. */
  public Graph copy() {
    return new Graph(this);
  }

  /** The version of {@code domain} (empty for the standard one) that is imported, or −1. */
  public long opset(String domain) {
    return opsets.getOrDefault(standard(domain), -1L);
  }

  /** Imports {@code domain} at {@code version} unless the graph already imports it. */
  public void importOpset(String domain, long version) {
    opsets.putIfAbsent(standard(domain), version);
  }

  /** Imports {@code domain} at {@code version}, whatever version it was imported at before. */
  public void setOpset(String domain, long version) {
    opsets.put(standard(domain), version);
  }

  /** The inputs in their order. */
  public List<TensorInfo> inputs() {
    return List.copyOf(inputs.values());
  }

  /** The outputs in their order. */
  public List<TensorInfo> outputs() {
    return List.copyOf(outputs.values());
  }

  public @Nullable TensorInfo input(String name) {
    return inputs.get(name);
  }

  public @Nullable TensorInfo output(String name) {
    return outputs.get(name);
  }

  /** What the graph declares about {@code name}, wherever it declares it, or null. */
  public @Nullable TensorInfo info(String name) {
    if (inputs.containsKey(name)) {
      return inputs.get(name);
    }
    if (outputs.containsKey(name)) {
      return outputs.get(name);
    }
    Initializer initializer = initializers.get(name);
    if (initializer == null) {
      return valueInfos.get(name);
    }
    List<Dim> dims = new ArrayList<>();
    for (long dim : initializer.dims()) {
      dims.add(Dim.of(dim));
    }
    return new TensorInfo(name, initializer.type(), dims);
  }

  public List<Initializer> initializers() {
    return List.copyOf(initializers.values());
  }

  public @Nullable Initializer initializer(String name) {
    return initializers.get(name);
  }

  /** The nodes in the order in which they were added. */
  public List<Node> nodes() {
    return List.copyOf(nodes);
  }

  /**
   * The nodes in an order in which each comes after what it reads.
   *
   * @throws CorruptModelException if they form a cycle
   */
  public List<Node> sorted() {
    return Topology.sort(nodes());
  }

  /** The node that computes {@code name}, or null for inputs, initializers and unknown names. */
  public @Nullable Node producer(String name) {
    return producers.get(name);
  }

  /** The nodes that read {@code name}, directly or from within a subgraph. */
  public List<Node> consumers(String name) {
    return List.copyOf(consumers.getOrDefault(name, Set.of()));
  }

  /** A name that nothing in the graph bears yet: {@code base} itself or a numbered variant. */
  public String uniqueName(String base) {
    String name = base;
    while (!names.add(name)) {
      name = base + "_" + suffixes.merge(base, 1, Integer::sum);
    }
    return name;
  }

  /**
   * Adds an input.
   *
   * @throws CorruptModelException if something else bears its name
   */
  public void addInput(TensorInfo input) {
    requireUndefined(input.name());
    inputs.put(input.name(), input);
    names.add(input.name());
  }

  /** Removes an input; whatever still reads it must be removed or redirected as well. */
  public void removeInput(String name) {
    inputs.remove(name);
  }

  /**
   * Leaves the shapes of all inputs open. A runtime that knows shapes plans which tensors share
   * memory, at a cost that grows with the square of the number of nodes.
   */
  public void forgetInputShapes() {
    inputs.replaceAll((name, input) -> new TensorInfo(name, input.type(), null));
  }

  /** Makes a name an output, or replaces what is declared about one. */
  public void addOutput(TensorInfo output) {
    outputs.put(output.name(), output);
  }

  /** Leaves exactly these outputs, in this order. */
  public void setOutputs(Collection<TensorInfo> kept) {
    List<TensorInfo> copy = List.copyOf(kept);
    outputs.clear();
    for (TensorInfo output : copy) {
      addOutput(output);
    }
  }

  /** Forgets what the graph declares about intermediate tensors; the runtime infers it anew. */
  public void clearValueInfos() {
    valueInfos.clear();
  }

  /**
   * Adds a weight or constant.
   *
   * @throws CorruptModelException if something else bears its name
   */
  public void add(Initializer initializer) {
    requireUndefined(initializer.name());
    initializers.put(initializer.name(), initializer);
    names.add(initializer.name());
  }

  /** Adds a constant under a new name derived from {@code base}, and returns that name. */
  public String constant(String base, Tensor value) {
    Initializer initializer = Initializer.of(uniqueName(base), value);
    initializers.put(initializer.name(), initializer);
    return initializer.name();
  }

  /**
   * Adds a node.
   *
   * @return the node's first output
   * @throws CorruptModelException if something else bears the name of one of its outputs
   */
  public String add(Node node) {
    for (String output : node.outputs()) {
      if (!output.isEmpty()) {
        requireUndefined(output);
        producers.put(output, node);
        names.add(output);
      }
    }
    for (OnnxMl.GraphProto body : Subgraphs.of(node.proto())) {
      Subgraphs.collectNames(body, names);
    }
    nodes.add(node);
    index(node);
    return node.output(0);
  }

  /** Adds a standard operator with one output under a new name, and returns that name. */
  public String add(String opType, String base, String... nodeInputs) {
    return add(Node.of(opType, List.of(nodeInputs), List.of(uniqueName(base))));
  }

  /** Removes a node; its outputs are then undefined. */
  public void remove(Node node) {
    unindex(node);
    nodes.remove(node);
    for (String output : node.outputs()) {
      producers.remove(output, node);
    }
  }

  /** Makes every reader of {@code from}, but for the {@code except} nodes, read {@code to}. */
  public void replaceUses(String from, String to, Node... except) {
    Set<Node> kept = Set.of(except);
    for (Node node : consumers(from)) {
      if (!kept.contains(node)) {
        unindex(node);
        node.rename(from, to);
        index(node);
      }
    }
  }

  /** Makes input {@code index} of {@code node} read {@code to}. */
  public void replaceInput(Node node, int index, String to) {
    unindex(node);
    node.setInput(index, to);
    index(node);
  }

  /**
   * Gives a node other outputs, usually those it had and optional ones that it offers besides.
   *
   * @throws CorruptModelException if something else bears the name of one of them
   */
  public void setOutputs(Node node, List<String> names) {
    for (String output : node.outputs()) {
      producers.remove(output, node);
    }
    for (String output : names) {
      if (!output.isEmpty()) {
        requireUndefined(output);
        producers.put(output, node);
        this.names.add(output);
      }
    }
    node.setOutputs(names);
  }

  /** Removes every node and initializer that no output depends on. */
  public void removeDead() {
    Deque<String> open = new ArrayDeque<>(outputs.keySet());
    Set<String> live = new HashSet<>(open);
    Set<Node> kept = new HashSet<>();
    while (!open.isEmpty()) {
      Node producer = producers.get(open.remove());
      if (producer != null && kept.add(producer)) {
        for (String name : producer.reads()) {
          if (live.add(name)) {
            open.add(name);
          }
        }
      }
    }
    for (Node node : nodes()) {
      if (!kept.contains(node)) {
        remove(node);
      }
    }
    initializers.keySet().retainAll(live);
    valueInfos.keySet().removeIf(name -> !producers.containsKey(name));
  }

  /**
   * The value of {@code name} where it is a small constant: an initializer, a {@code Constant}, or
   * an {@code Identity} or {@code Cast} of one (the value keeps its stored type). Null otherwise,
   * and for anything above one megabyte.
   */
  public @Nullable Tensor constant(String name) {
    String current = name;
    Node node = producers.get(current);
    while (node != null && (node.is("Identity") || node.is("Cast"))) {
      current = node.input(0);
      node = producers.get(current);
    }
    if (node != null) {
      return node.constantValue();
    }
    Initializer initializer = initializers.get(current);
    if (initializer == null
        || initializer.type() == ElementType.STRING
        || initializer.type().byteSize(initializer.dims()) > MAX_CONSTANT_BYTES) {
      return null;
    }
    ExternalData external = initializer.external();
    if (external == null) {
      return Tensor.of(initializer.proto());
    }
    return weights == null
        ? null
        : Tensor.of(initializer.type(), initializer.dims(), weights.read(external));
  }

  /** True where {@code name} depends on no input of the graph. */
  public boolean isConstant(String name) {
    Deque<String> open = new ArrayDeque<>(List.of(name));
    Set<String> seen = new HashSet<>();
    while (!open.isEmpty()) {
      String current = open.remove();
      Node producer = producers.get(current);
      if (producer == null && !initializers.containsKey(current)) {
        return false;
      }
      if (producer != null) {
        for (String read : producer.reads()) {
          if (seen.add(read)) {
            open.add(read);
          }
        }
      }
    }
    return true;
  }

  /**
   * The model in the protobuf's wire format, with nodes sorted; weights in files stay references.
   *
   * @throws CorruptModelException if nodes form a cycle
   */
  public byte[] toBytes() {
    OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder().setName("graph");
    for (TensorInfo input : inputs.values()) {
      graph.addInput(input.toProto());
    }
    for (TensorInfo output : outputs.values()) {
      graph.addOutput(output.toProto());
    }
    for (TensorInfo info : valueInfos.values()) {
      if (producers.containsKey(info.name()) && !outputs.containsKey(info.name())) {
        graph.addValueInfo(info.toProto());
      }
    }
    for (Initializer initializer : initializers.values()) {
      graph.addInitializer(initializer.proto());
    }
    for (Node node : sorted()) {
      graph.addNode(node.proto());
    }
    OnnxMl.ModelProto.Builder model = base.toBuilder().setGraph(graph);
    // From IR version 4 on, initializers need not be inputs.
    model.setIrVersion(Math.max(4, base.getIrVersion()));
    for (Map.Entry<String, Long> opset : opsets.entrySet()) {
      model.addOpsetImport(
          OnnxMl.OperatorSetIdProto.newBuilder()
              .setDomain(opset.getKey())
              .setVersion(opset.getValue()));
    }
    return model.build().toByteArray();
  }

  /**
   * Checks that every name is defined before anything reads it.
   *
   * @throws CorruptModelException naming the first node that reads an undefined name
   */
  void requireDefined() {
    for (Node node : nodes) {
      for (String name : node.reads()) {
        requireDefined(name, node.toString());
      }
    }
    for (String output : outputs.keySet()) {
      requireDefined(output, "the graph's outputs");
    }
    Topology.sort(nodes());
  }

  private void requireDefined(String name, String reader) {
    if (!isDefined(name)) {
      throw new CorruptModelException(
          "Expected something to define \""
              + name
              + "\", which "
              + reader
              + " reads; found nothing");
    }
  }

  private void requireUndefined(String name) {
    if (isDefined(name)) {
      throw new CorruptModelException(
          "Expected one definition of \"" + name + "\", found a second one");
    }
  }

  private boolean isDefined(String name) {
    return producers.containsKey(name)
        || inputs.containsKey(name)
        || initializers.containsKey(name);
  }

  private void index(Node node) {
    for (String name : node.reads()) {
      consumers.computeIfAbsent(name, key -> new LinkedHashSet<>()).add(node);
    }
  }

  private void unindex(Node node) {
    for (String name : node.reads()) {
      Set<Node> readers = consumers.get(name);
      if (readers != null) {
        readers.remove(node);
      }
    }
  }

  private static String standard(String domain) {
    return domain.equals("ai.onnx") ? "" : domain;
  }
}
