package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TrainingRowTest {

  @Test
  void copiesInAndOut() {
    int[] tokens = {5, 6};
    double[] weights = {0.5};
    TrainingRow row = TrainingRow.of(tokens, new int[] {2}, new int[] {7}, weights);
    tokens[0] = 0;
    weights[0] = 0;
    row.tokens()[1] = 0;
    assertThat(row.tokens()).containsExactly(5, 6);
    assertThat(row.weight(0)).isEqualTo(0.5);
    assertThat(row.scaled(-2).weight(0)).isEqualTo(-1);
    assertThat(row.position(0)).isEqualTo(2);
    assertThat(row.id(0)).isEqualTo(7);
    assertThat(row.objective(new double[] {-3})).isEqualTo(-1.5);
  }

  @Test
  void refusesTargetsThatAreNone() {
    refuses("0 tokens and 1 targets", new int[0], new int[] {1}, new int[] {0}, 1);
    refuses("lengths [2, 1, 1]", new int[] {1}, new int[] {1, 1}, new int[] {0}, 1);
    refuses("tokens holds the id -1", new int[] {1, -1, 2}, new int[] {1}, new int[] {0}, 1);
    refuses("positions[0] is 0", new int[] {1}, new int[] {0}, new int[] {0}, 1);
    refuses("positions[0] is 2", new int[] {1}, new int[] {2}, new int[] {0}, 1);
    refuses("positions[1] is 1", new int[] {1, 2}, new int[] {2, 1}, new int[] {0, 0}, 1, 1);
    refuses("ids[0] is -2", new int[] {1}, new int[] {1}, new int[] {-2}, 1);
    refuses("ids[0] is -1", new int[] {1}, new int[] {1}, new int[] {-1}, 1);
    refuses("ids[2] is 6", new int[] {1}, new int[] {1, 1, 1}, new int[] {5, -1, 6}, 1, 1, 1);
    refuses("ids[2] is -1", new int[] {1, 2}, new int[] {1, 1, 2}, new int[] {5, -1, -1}, 1, 1, 1);
    refuses("ids[1] is 4", new int[] {1, 2}, new int[] {1, 1}, new int[] {4, 4}, 1, 1);
    refuses("weights[0] is NaN", new int[] {1}, new int[] {1}, new int[] {0}, Double.NaN);
    assertThat(
            TrainingRow.of(
                    new int[] {1, 2}, new int[] {1, 2}, new int[] {4, 4}, new double[] {1, 1})
                .targets())
        .isEqualTo(2);
  }

  private static void refuses(
      String message, int[] tokens, int[] positions, int[] ids, double... weights) {
    assertThatThrownBy(() -> TrainingRow.of(tokens, positions, ids, weights))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
