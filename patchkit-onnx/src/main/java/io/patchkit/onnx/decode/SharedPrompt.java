package io.patchkit.onnx.decode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A beginning that several prompts of one call have in common behind the same stack: fed once, kept
 * while a prompt or a longer beginning is still to start from it. Beginnings nest. Used by one
 * thread.
 *
 * <p>What is kept are all keys and values from the first position on, so that of nested beginnings
 * each holds the shorter ones once more. The order in which they are fed bounds that: the prompts
 * that start from a beginning come first, then the longer beginnings, the one of the most prompts
 * last, before which the beginning itself is let go. A beginning that is kept while a longer one's
 * prompts start has at least twice as many as that one. While one of n prompts starts, no more than
 * log₂ n beginnings are kept.
 */
final class SharedPrompt {

  /** A shorter beginning costs less to feed again than to keep. */
  private static final int LEAST = 16;

  private final @Nullable SharedPrompt parent;
  private final int[] tokens;

  /** Prompts and longer beginnings that are still to start from this one. */
  private int starting;

  private boolean leftParent;
  private @Nullable EncodedPrefix encoded;

  private SharedPrompt(@Nullable SharedPrompt parent, int[] tokens) {
    this.parent = parent;
    this.tokens = tokens;
    if (parent != null) {
      parent.starting++;
    }
  }

  /**
   * A prompt in the order of feeding.
   *
   * @param prompt its index
   * @param shared the longest beginning it shares, null for none
   */
  record Start(int prompt, @Nullable SharedPrompt shared) {}

  /** Prompts that share a beginning of so many tokens. */
  private record Group(int from, int to, int common) {
    int size() {
      return to - from;
    }
  }

  /**
   * Finds what prompts share.
   *
   * @param prompts in lexicographic order, see {@link #ORDER}
   * @return the prompts in the order in which they are to be fed
   */
  static List<Start> plan(List<int[]> prompts) {
    List<Start> plan = new ArrayList<>();
    plan(prompts, new Group(0, prompts.size(), 0), null, plan);
    return plan;
  }

  /** Brings prompts with equal beginnings together. */
  static final Comparator<int[]> ORDER = Arrays::compare;

  private static void plan(
      List<int[]> prompts, Group among, @Nullable SharedPrompt parent, List<Start> plan) {
    List<Group> groups = new ArrayList<>();
    int to = among.to();
    int start = among.from();
    while (start < to) {
      int end = start + 1;
      int common = prompts.get(start).length - 1;
      while (end < to) {
        int shared = Math.min(common, sharedLength(prompts.get(start), prompts.get(end)));
        if (shared - among.common() < LEAST) {
          break;
        }
        common = shared;
        end++;
      }
      if (end - start > 1) {
        groups.add(new Group(start, end, common));
      } else {
        plan.add(new Start(start, parent));
        if (parent != null) {
          parent.starting++;
        }
      }
      start = end;
    }
    groups.sort(Comparator.comparingInt(Group::size));
    for (Group group : groups) {
      int[] tokens = Arrays.copyOf(prompts.get(group.from()), group.common());
      plan(prompts, group, new SharedPrompt(parent, tokens), plan);
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
    leaveParent();
  }

  /** The first of the nested beginnings, this one included, that is to be fed; null for none. */
  @Nullable SharedPrompt missing() {
    if (encoded != null) {
      return null;
    }
    SharedPrompt before = parent == null ? null : parent.missing();
    return before == null ? this : before;
  }

  /** One of the prompts that start from here has started, or never will. */
  void release() {
    if (--starting == 0) {
      encoded = null;
      leaveParent();
    }
  }

  /** This beginning has been fed, or none of its prompts needs it any more. */
  private void leaveParent() {
    if (parent != null && !leftParent) {
      leftParent = true;
      parent.release();
    }
  }
}
