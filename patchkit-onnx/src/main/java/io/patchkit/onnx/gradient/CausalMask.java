package io.patchkit.onnx.gradient;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is added to attention scores: 0 where a token may look, −∞ elsewhere. A token looks at the
 * prefix, at itself and at the tokens before it, within the window where there is one. Made once
 * for all layers of the same kind.
 */
final class CausalMask {

  private final Ops ops;
  private final String ids;
  private final PrefixInputs prefix;
  private final Map<String, String> made = new HashMap<>();

  /**
   * @param ids the input [batch, tokens] from which the number of tokens is read
   */
  CausalMask(Ops ops, String ids, PrefixInputs prefix) {
    this.ops = ops;
    this.ids = ids;
    this.prefix = prefix;
  }

  /** How many positions come before the first token, int64 [1]. */
  String offset(String past) {
    return made.computeIfAbsent("offset", key -> prefix.length(ops, past));
  }

  /**
   * The mask for {@code group} queries a token: [group · tokens, past + tokens].
   *
   * @param window at how many positions a token looks, itself included; −1 for all
   */
  String of(long group, long window, String past) {
    String key = group + " " + window;
    String mask = made.get(key);
    if (mask == null) {
      mask = make(group, window, past);
      made.put(key, mask);
    }
    return mask;
  }

  private String make(long group, long window, String past) {
    String tokens = ops.dim(ids, 1);
    String total = ops.add(offset(past), tokens);
    String columns = range(ops.longs(0), total);
    String rows = ops.unsqueeze(range(offset(past), total), 1);
    String allowed = ops.op("LessOrEqual", columns, rows);
    if (window > 0) {
      String first = ops.sub(rows, ops.scalar(window));
      allowed = ops.op("And", allowed, ops.op("Greater", columns, first));
    }
    String mask = ops.op("Where", allowed, ops.scalar(0f), ops.scalar(Float.NEGATIVE_INFINITY));
    if (group == 1) {
      return mask;
    }
    String repeated =
        ops.op("Expand", mask, ops.concat(0, List.of(ops.longs(group), tokens, total)));
    return ops.reshape(repeated, ops.concat(0, List.of(ops.longs(-1), total)));
  }

  private String range(String begin, String end) {
    return ops.op("Range", ops.squeeze(begin, 0), ops.squeeze(end, 0), ops.scalar(1L));
  }
}
