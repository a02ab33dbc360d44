package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.Prefix;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BaseTargetsTest {

  /** Notes how many rows each call has. */
  private static final class CountingModel extends TinyModel {

    private final List<Integer> calls = new ArrayList<>();

    CountingModel() {
      super(3);
    }

    @Override
    public List<TopLogProbabilities> topLogProbabilities(
        @Nullable Prefix prefix, List<AnswerTokens> rows, int k) {
      calls.add(rows.size());
      return super.topLogProbabilities(prefix, rows, k);
    }
  }

  private final CountingModel model = new CountingModel();
  private final Counterfactual objective =
      new Counterfactual(TinyData.benign(model), Counterfactual.WHOLE_VOCABULARY);

  /** Examples 0 and 1, 2 and 3, 4. */
  private BaseTargets targets(long room) {
    return new BaseTargets(
        model,
        objective,
        example -> example == 4 ? new int[] {4} : new int[] {example / 2 * 2, example / 2 * 2 + 1},
        room);
  }

  /** One example alone has 40 targets. */
  @ParameterizedTest
  @ValueSource(longs = {0, 39, 40, 1000})
  void aGroupIsComputedOnceWhileItsMembersAreAskedFor(long room) {
    BaseTargets targets = targets(room);
    for (int example = 0; example < 5; example++) {
      assertThat(targets.of(example).row().tokens())
          .isEqualTo(objective.data().get(example).tokens());
      assertThat(targets.of(example).size()).isEqualTo(40);
    }
    assertThat(model.calls).containsExactly(2, 2, 1);
  }

  @Test
  void whatHasNoRoomIsComputedAgain() {
    BaseTargets targets = targets(80);
    for (int example : new int[] {0, 1, 2, 3, 2, 3}) {
      targets.of(example);
    }
    assertThat(model.calls).containsExactly(2, 2);
    targets.of(4);
    targets.of(0);
    targets.of(1);
    assertThat(model.calls).containsExactly(2, 2, 1);
    targets.of(2);
    assertThat(model.calls).containsExactly(2, 2, 1, 2);
  }
}
