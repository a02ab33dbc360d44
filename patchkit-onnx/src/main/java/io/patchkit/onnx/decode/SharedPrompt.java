package io.patchkit.onnx.decode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A beginning that several prompts of one call have in common behind the same stack: fed once, kept
 * until the last of them has started. Beginnings nest. Used by one thread.
 */
final class SharedPrompt {

  /** A shorter beginning costs less to feed again than to keep. */
  private static final int LEAST = 16;

  private final @Nullable SharedPrompt parent;
  private final int[] tokens;
  private int users;
  private @Nullable EncodedPrefix encoded;

  private SharedPrompt(@Nullable SharedPrompt parent, int[] tokens, int users) {
    this.parent = parent;
    this.tokens = tokens;
    this.users = users;
  }

  /**
   * Finds what prompts share.
   *
   * @param prompts in lexicographic order, see {@link #ORDER}
   * @return for each prompt the longest beginning it shares, null for none
   */
  static List<@Nullable SharedPrompt> plan(List<int[]> prompts) {
    List<@Nullable SharedPrompt> plan = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      plan.add(null);
    }
    plan(prompts, 0, prompts.size(), 0, null, plan);
    return plan;
  }

  /** Brings prompts with equal beginnings together. */
  static final Comparator<int[]> ORDER = Arrays::compare;

  private static void plan(
      List<int[]> prompts,
      int from,
      int to,
      int depth,
      @Nullable SharedPrompt parent,
      List<@Nullable SharedPrompt> plan) {
    int start = from;
    while (start < to) {
      int end = start + 1;
      int common = prompts.get(start).length - 1;
      while (end < to) {
        int shared = Math.min(common, sharedLength(prompts.get(start), prompts.get(end)));
        if (shared - depth < LEAST) {
          break;
        }
        common = shared;
        end++;
      }
      if (end - start > 1) {
        SharedPrompt node =
            new SharedPrompt(parent, Arrays.copyOf(prompts.get(start), common), end - start);
        for (int i = start; i < end; i++) {
          plan.set(i, node);
        }
        plan(prompts, start, end, common, node, plan);
      }
      start = end;
    }
  }

  /** Equal tokens at the start, but not all of the second: its last one is fed for its logits. */
  private static int sharedLength(int[] a, int[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? b.length - 1 : Math.min(mismatch, b.length - 1);
  }

  /** Tokens of the beginning. */
  int length() {
    return tokens.length;
  }

  /** Tokens behind those of the beginning that this one continues. */
  int[] continuation() {
    return parent == null ? tokens : Arrays.copyOfRange(tokens, parent.length(), tokens.length);
  }

  /** The beginning that this one continues, null for none. */
  @Nullable SharedPrompt parent() {
    return parent;
  }

  /** The keys and values of stack and beginning, null while they are not known. */
  @Nullable EncodedPrefix encoded() {
    return encoded;
  }

  /** Keeps the keys and values of stack and beginning for the prompts that come. */
  void keep(EncodedPrefix fed) {
    encoded = fed;
  }

  /** The first of the nested beginnings, this one included, that is to be fed; null for none. */
  @Nullable SharedPrompt missing() {
    if (encoded != null) {
      return null;
    }
    SharedPrompt before = parent == null ? null : parent.missing();
    return before == null ? this : before;
  }

  /** One of the prompts has started and needs the beginning no more. */
  void release() {
    if (--users == 0) {
      encoded = null;
    }
    if (parent != null) {
      parent.release();
    }
  }
}
