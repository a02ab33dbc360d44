package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Node;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reverse-mode differentiation of a graph: visits the nodes between some leaves and some seeds from
 * the last to the first, and writes the backward nodes of each.
 */
final class ReverseWalk {

  /**
   * Operators through which no gradient passes: piecewise constant, or of integers and booleans.
   */
  private static final Set<String> CONSTANT =
      Set.of("Shape", "Size", "Floor", "Ceil", "Round", "Sign", "ConstantOfShape", "NonZero");

  private final Graph graph;
  private final Shapes shapes;

  ReverseWalk(Graph graph, Shapes shapes) {
    this.graph = graph;
    this.shapes = shapes;
  }

  /**
   * Writes the backward nodes.
   *
   * @param nodes the forward nodes in topological order
   * @param seeds tensors and the gradients of the objective with respect to them
   * @param leaves with respect to which tensors to differentiate; nothing before them is visited
   * @return the gradient of each leaf
   * @throws UnsupportedModelException naming every operator on the way that has no rule, or if a
   *     seed does not depend on a leaf
   */
  Map<String, String> differentiate(
      List<Node> nodes, Map<String, String> seeds, Set<String> leaves) {
    Set<String> active = active(nodes, seeds.keySet(), leaves);
    requireRules(nodes, active, leaves);
    Ops ops = new Ops(graph, "/patchkit/backward/");
    Cotangents cotangents = new Cotangents(ops, shapes);
    Recomputed recomputed = new Recomputed(ops);
    seeds.forEach(cotangents::add);
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      if (isOnPath(node, active, leaves)) {
        rule(node).pullBack(node, new Pullback(node, ops, shapes, cotangents, active, recomputed));
      }
    }
    Map<String, String> gradients = new HashMap<>();
    for (String leaf : leaves) {
      String gradient = cotangents.total(leaf);
      if (gradient == null) {
        throw new UnsupportedModelException(
            "Expected the logits to depend on \"" + leaf + "\", found that they do not");
      }
      gradients.put(leaf, gradient);
    }
    return gradients;
  }

  /** The floating-point tensors that depend on a leaf and lead to a seed. */
  private Set<String> active(List<Node> nodes, Set<String> seeds, Set<String> leaves) {
    Set<String> dependent = new HashSet<>(leaves);
    for (Node node : nodes) {
      if (!CONSTANT.contains(node.opType()) && readsAny(node, dependent)) {
        for (String output : node.outputs()) {
          if (shapes.isFloatingPoint(output)) {
            dependent.add(output);
          }
        }
      }
    }
    Set<String> active = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(seeds);
    while (!open.isEmpty()) {
      String name = open.remove();
      if (!dependent.contains(name) || !active.add(name) || leaves.contains(name)) {
        continue;
      }
      Node producer = graph.producer(name);
      if (producer != null) {
        open.addAll(producer.reads());
      }
    }
    return active;
  }

  private static void requireRules(List<Node> nodes, Set<String> active, Set<String> leaves) {
    Set<String> missing = new TreeSet<>();
    for (Node node : nodes) {
      if (isOnPath(node, active, leaves) && Rules.of(node) == null) {
        missing.add(node.domain().isEmpty() ? node.opType() : node.domain() + "." + node.opType());
      }
    }
    if (!missing.isEmpty()) {
      throw new UnsupportedModelException(
          "Expected operators with known derivatives between prefix and logits, found "
              + missing
              + " without; export the model with standard operators or train it elsewhere");
    }
  }

  private static VectorJacobianProduct rule(Node node) {
    VectorJacobianProduct rule = Rules.of(node);
    if (rule == null) {
      throw new IllegalStateException("no rule for " + node);
    }
    return rule;
  }

  private static boolean isOnPath(Node node, Set<String> active, Set<String> leaves) {
    for (String output : node.outputs()) {
      if (active.contains(output) && !leaves.contains(output)) {
        return true;
      }
    }
    return false;
  }

  private static boolean readsAny(Node node, Set<String> names) {
    return !Collections.disjoint(node.reads(), names);
  }
}
