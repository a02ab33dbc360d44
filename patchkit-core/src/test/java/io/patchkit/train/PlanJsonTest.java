package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlanJsonTest {

  private static TrainingPlan plan(String instruction) {
    return TrainingPlan.of(
        Initialisation.softPrompt(instruction, 4),
        1,
        Term.steer("refuse", Sft.of(TinyData.refusals(new TinyModel(5))), 4));
  }

  /** A manifest takes texts of at most 65,536 characters. */
  @Test
  void namesALongInstructionByItsDigest() {
    assertThat(plan("Be kind.").describe()).contains("\"Be kind.\"");
    String described = plan("a".repeat(70_000)).describe();
    assertThat(described).hasSizeLessThan(4000).contains("textSha256");
    assertThat(plan("a".repeat(70_001)).describe()).isNotEqualTo(described);
  }
}
