package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.SemanticVersion;
import io.patchkit.release.StackDiff.Replacement;
import java.util.List;
import org.junit.jupiter.api.Test;

class StackDiffTest {

  private static final StackEntry CALM = entry("calm", "1.0.0", 'a');
  private static final StackEntry FAIR = entry("fair", "1.0.0", 'b');
  private static final StackEntry FAIR_2 = entry("fair", "2.0.0", 'c');

  private static StackEntry entry(String name, String version, char hex) {
    return new StackEntry(
        new Digest(String.valueOf(hex).repeat(64)), name, SemanticVersion.parse(version), name);
  }

  private static void assertDiff(
      List<StackEntry> before, List<StackEntry> after, StackDiff expected) {
    StackDiff diff = StackDiff.between(before, after);
    assertThat(diff).isEqualTo(expected);
    assertThat(diff.isEmpty()).isEqualTo(before.equals(after));
  }

  @Test
  void stacksDifferByWhatComesGoesIsReplacedOrMoves() {
    List<StackEntry> both = List.of(CALM, FAIR);
    assertDiff(List.of(), List.of(), diff(List.of(), List.of(), List.of(), false));
    assertDiff(both, both, diff(List.of(), List.of(), List.of(), false));
    assertDiff(List.of(CALM), both, diff(List.of(FAIR), List.of(), List.of(), false));
    assertDiff(both, List.of(FAIR), diff(List.of(), List.of(CALM), List.of(), false));
    assertDiff(both, List.of(FAIR, CALM), diff(List.of(), List.of(), List.of(), true));
    Replacement newer = new Replacement(FAIR, FAIR_2);
    assertDiff(both, List.of(CALM, FAIR_2), diff(List.of(), List.of(), List.of(newer), false));
    assertDiff(both, List.of(FAIR_2, CALM), diff(List.of(), List.of(), List.of(newer), true));
    assertDiff(List.of(CALM), List.of(FAIR), diff(List.of(FAIR), List.of(CALM), List.of(), false));
  }

  private static StackDiff diff(
      List<StackEntry> added,
      List<StackEntry> removed,
      List<Replacement> replaced,
      boolean reordered) {
    return new StackDiff(added, removed, replaced, reordered);
  }
}
