package io.patchkit.onnx.graph;

/**
 * Turns circular key/value caches into growing ones.
 *
 * <p>Some exports of models with windowed attention ask for a cache of fixed capacity that wraps
 * around (attribute {@code sliding_window_cache} of {@code GroupQueryAttention}); such a graph
 * refuses an empty past. The window itself is another attribute and stays, so the logits do not
 * change.
 */
public final class SlidingWindowCache {

  private static final String ATTRIBUTE = "sliding_window_cache";

  private SlidingWindowCache() {}

  /**
   * Makes the caches of all attention nodes grow with the sequence.
   *
   * @return how many nodes were changed
   */
  public static int grow(Graph graph) {
    int changed = 0;
    for (Node node : graph.nodes()) {
      if (node.isMicrosoft("GroupQueryAttention") && node.attribute(ATTRIBUTE, 0) != 0) {
        graph.remove(node);
        graph.add(node.with(ATTRIBUTE, 0));
        changed++;
      }
    }
    return changed;
  }
}
