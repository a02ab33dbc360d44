package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** What prompts have in common is fed once, and kept no longer than others start from it. */
class SharedPromptTest {

  /** What is kept of beginnings at once. */
  private static final class Kept {
    private int mostPositions;
    private int mostBeginnings;
    private int fed;
  }

  /** Prompt i continues the first 20 · i tokens of the longest, with a token below or above it. */
  @Test
  void ofAChainOfBeginningsOneIsKept() {
    for (int other : new int[] {1, 9}) {
      List<int[]> prompts = new ArrayList<>();
      int count = 12;
      for (int i = 1; i <= count; i++) {
        int[] prompt = new int[20 * i + 1];
        Arrays.fill(prompt, 5);
        prompt[20 * i] = other;
        prompts.add(prompt);
      }
      Kept kept = feed(prompts);
      // All that two share at least, and a token of each.
      assertThat(kept.fed).isEqualTo(20 * (count - 1) + count + 20);
      assertThat(kept.mostBeginnings).isEqualTo(1);
      assertThat(kept.mostPositions).isEqualTo(20 * (count - 1));
    }
  }

  /** A binary tree of prompts: the bound is reached where the halves are equal. */
  @Test
  void ofATreeOneBeginningALevelIsKept() {
    List<int[]> prompts = new ArrayList<>();
    for (int leaf = 0; leaf < 16; leaf++) {
      int[] prompt = new int[20 * 5];
      for (int i = 0; i < prompt.length; i++) {
        prompt[i] = leaf >> (4 - i / 20);
      }
      prompts.add(prompt);
    }
    Kept kept = feed(prompts);
    assertThat(kept.fed).isEqualTo(20 * (1 + 2 + 4 + 8 + 16));
    assertThat(kept.mostBeginnings).isEqualTo(4);
    assertThat(kept.mostPositions).isEqualTo(20 + 40 + 60 + 80);
  }

  @Property(tries = 300)
  void ofAnyPromptsFewBeginningsAreKept(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int count) {
    Random random = new Random(seed);
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] like = prompts.isEmpty() ? new int[0] : prompts.get(random.nextInt(prompts.size()));
      int common = random.nextInt(like.length + 1);
      int[] prompt = Arrays.copyOf(like, common + 1 + random.nextInt(40));
      for (int j = common; j < prompt.length; j++) {
        prompt[j] = random.nextInt(9);
      }
      prompts.add(prompt);
    }
    Kept kept = feed(prompts);
    assertThat(kept.fed).isLessThanOrEqualTo(prompts.stream().mapToInt(p -> p.length).sum());
    assertThat(1 << kept.mostBeginnings).isLessThanOrEqualTo(count);
  }

  /** Feeds prompts as rows do, and looks at what is kept while they start. */
  private static Kept feed(List<int[]> prompts) {
    prompts.sort(SharedPrompt.ORDER);
    List<SharedPrompt.Start> plan = SharedPrompt.plan(prompts);
    assertThat(plan).extracting(SharedPrompt.Start::prompt).doesNotHaveDuplicates();
    assertThat(plan).hasSameSizeAs(prompts);
    Set<SharedPrompt> all = new HashSet<>();
    Kept kept = new Kept();
    for (SharedPrompt.Start start : plan) {
      SharedPrompt shared = start.shared();
      kept.fed += prompts.get(start.prompt()).length - (shared == null ? 0 : shared.length());
      if (shared == null) {
        continue;
      }
      for (SharedPrompt missing = shared.missing(); missing != null; missing = shared.missing()) {
        SharedPrompt parent = missing.parent();
        if (parent != null) {
          assertThat(lengthKept(parent)).isEqualTo(parent.length());
        }
        all.add(missing);
        kept.fed += missing.continuation().length;
        missing.keep(new EncodedPrefix(missing.length(), List.of()));
      }
      assertThat(lengthKept(shared)).isEqualTo(shared.length());
      int positions = 0;
      int beginnings = 0;
      for (SharedPrompt beginning : all) {
        positions += lengthKept(beginning);
        beginnings += beginning.encoded() == null ? 0 : 1;
      }
      kept.mostPositions = Math.max(kept.mostPositions, positions);
      kept.mostBeginnings = Math.max(kept.mostBeginnings, beginnings);
      shared.release();
    }
    assertThat(all).allMatch(beginning -> beginning.encoded() == null);
    return kept;
  }

  private static int lengthKept(SharedPrompt beginning) {
    EncodedPrefix encoded = beginning.encoded();
    return encoded == null ? 0 : encoded.length();
  }
}
