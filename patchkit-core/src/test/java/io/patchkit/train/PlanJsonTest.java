package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class PlanJsonTest {

  @Test
  void theDigestIsThatOfTheText() throws NoSuchAlgorithmException {
    TrainingPlan plan =
        TrainingPlan.of(
            Initialisation.softPrompt("Safe — und höflich.", 3),
            1,
            Term.steer("refuse", Sft.of(TinyData.refusals(new TinyModel(1))), 1));
    byte[] sha256 =
        MessageDigest.getInstance("SHA-256")
            .digest(plan.describe().getBytes(StandardCharsets.UTF_8));
    assertThat(plan.digest()).isEqualTo(HexFormat.of().formatHex(sha256));
  }

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
