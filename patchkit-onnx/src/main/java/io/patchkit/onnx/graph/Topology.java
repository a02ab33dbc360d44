package io.patchkit.onnx.graph;

import io.patchkit.CorruptModelException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/** Orders and prunes nodes; without recursion, for graphs are tens of thousands of nodes deep. */
final class Topology {

  private Topology() {}

  /**
   * The nodes in an order in which each comes after what it reads; among those that could come
   * next, the one that stood first before (Kahn 1962).
   *
   * @throws CorruptModelException if the nodes form a cycle
   */
  static List<Node> sort(List<Node> nodes) {
    Map<String, Integer> producers = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      for (String output : nodes.get(i).outputs()) {
        producers.put(output, i);
      }
    }
    int[] waitingFor = new int[nodes.size()];
    List<List<Integer>> readers = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      readers.add(new ArrayList<>());
    }
    for (int i = 0; i < nodes.size(); i++) {
      Set<Integer> sources = new HashSet<>();
      for (String name : nodes.get(i).reads()) {
        Integer producer = producers.get(name);
        if (producer != null && sources.add(producer)) {
          readers.get(producer).add(i);
          waitingFor[i]++;
        }
      }
    }
    PriorityQueue<Integer> ready = new PriorityQueue<>();
    for (int i = 0; i < nodes.size(); i++) {
      if (waitingFor[i] == 0) {
        ready.add(i);
      }
    }
    List<Node> sorted = new ArrayList<>(nodes.size());
    while (!ready.isEmpty()) {
      int next = ready.remove();
      sorted.add(nodes.get(next));
      for (int reader : readers.get(next)) {
        if (--waitingFor[reader] == 0) {
          ready.add(reader);
        }
      }
    }
    if (sorted.size() < nodes.size()) {
      for (int i = 0; i < nodes.size(); i++) {
        if (waitingFor[i] > 0) {
          throw new CorruptModelException(
              "Expected a graph without cycles, found one through " + nodes.get(i));
        }
      }
    }
    return sorted;
  }
}
