package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.Prefix;
import java.util.List;
import org.junit.jupiter.api.Test;

class PairTokensTest {

  @Test
  void answersAreCutBehindTheFirstTokenInWhichTheyDiffer() {
    assertThat(cut(new int[] {5, 6, 7, 8}, new int[] {5, 6, 9, 4}))
        .isEqualTo(pair(new int[] {5, 6, 7}, new int[] {5, 6, 9}));
    assertThat(cut(new int[] {5, 6}, new int[] {7})).isEqualTo(pair(new int[] {5}, new int[] {7}));
  }

  @Test
  void anAnswerThatTheOtherBeginsWithStaysWhole() {
    assertThat(cut(new int[] {5, 6}, new int[] {5, 6, 7, 8}))
        .isEqualTo(pair(new int[] {5, 6}, new int[] {5, 6, 7}));
    assertThat(cut(new int[] {5, 6, 7, 8}, new int[] {5, 6}))
        .isEqualTo(pair(new int[] {5, 6, 7}, new int[] {5, 6}));
  }

  @Test
  void whatIsLeftIsThePreferenceForOneTokenOverAnother() {
    TinyModel model = new TinyModel(3);
    Prefix start =
        new Initialisation.RandomNormal(Parametrisation.KEY_VALUE, 3, 0.6).prefix(model, 1);
    Prefix prefix =
        new Initialisation.RandomNormal(Parametrisation.KEY_VALUE, 3, 0.6).prefix(model, 2);
    PairTokens cut =
        PairTokens.of(new int[] {7, 0}, new int[] {1, 9, 4, 2}, new int[] {1, 9, 6})
            .untilTheyDiffer();
    PairTokens begunAlike = PairTokens.of(new int[] {7, 0, 1, 9}, new int[] {4}, new int[] {6});
    assertThat(loss(model, start, prefix, cut))
        .isCloseTo(loss(model, start, prefix, begunAlike), within(1e-12));
  }

  private static double loss(TinyModel model, Prefix start, Prefix prefix, PairTokens pair) {
    return SoleObjective.bind(Dpo.of(List.of(pair)), model, start, 2)
        .loss(prefix, new int[] {0}, 1, null)
        .loss();
  }

  private static PairTokens cut(int[] chosen, int[] rejected) {
    return pair(chosen, rejected).untilTheyDiffer();
  }

  private static PairTokens pair(int[] chosen, int[] rejected) {
    return PairTokens.of(new int[] {1, 2}, chosen, rejected);
  }
}
