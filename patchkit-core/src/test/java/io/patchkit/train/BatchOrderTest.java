package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class BatchOrderTest {

  @Property(tries = 200)
  void everyEpochTakesEveryExampleOnce(
      @ForAll @IntRange(min = 1, max = 40) int size,
      @ForAll @IntRange(min = 1, max = 9) int perStep,
      @ForAll long seed) {
    BatchOrder order = new BatchOrder("harmful", size, perStep, seed);
    List<Integer> taken = new ArrayList<>();
    for (int step = 0; taken.size() < 3 * size; step++) {
      for (int item : order.items(step)) {
        taken.add(item);
      }
    }
    for (int epoch = 0; epoch < 3; epoch++) {
      assertThat(taken.subList(epoch * size, (epoch + 1) * size))
          .doesNotHaveDuplicates()
          .allMatch(item -> item >= 0 && item < size);
    }
  }

  @Property(tries = 50)
  void dependsOnSeedAndStepAlone(@ForAll long seed, @ForAll @IntRange(max = 500) int step) {
    BatchOrder walked = new BatchOrder("benign", 17, 3, seed);
    int[] last = {};
    for (int i = 0; i <= step; i++) {
      last = walked.items(i);
    }
    assertThat(new BatchOrder("benign", 17, 3, seed).items(step)).containsExactly(last);
  }

  @Property(tries = 200)
  void partsOfWhatIsFirstTakenTogetherAreAPartition(
      @ForAll @IntRange(min = 1, max = 40) int size,
      @ForAll @IntRange(min = 1, max = 9) int perStep,
      @ForAll @IntRange(min = 1, max = 9) int atMost,
      @ForAll long seed) {
    BatchOrder order = new BatchOrder("benign", size, perStep, seed);
    for (int step = 0; step < size / perStep; step++) {
      List<Integer> items = Arrays.stream(order.items(step)).boxed().toList();
      for (int item : items) {
        int[] part = order.firstTakenWith(item, atMost);
        assertThat(part).contains(item).hasSizeLessThanOrEqualTo(atMost);
        assertThat(items).containsAll(Arrays.stream(part).boxed().toList());
      }
    }
    for (int example = 0; example < size; example++) {
      int[] part = order.firstTakenWith(example, atMost);
      assertThat(part).contains(example);
      for (int other : part) {
        assertThat(new BatchOrder("benign", size, perStep, seed).firstTakenWith(other, atMost))
            .containsExactly(part);
      }
    }
  }

  @Property(tries = 20)
  void epochsTermsAndSeedsDiffer(@ForAll long seed) {
    int[] first = new BatchOrder("a", 100, 100, seed).items(0);
    assertThat(new BatchOrder("a", 100, 100, seed).items(1)).isNotEqualTo(first);
    assertThat(new BatchOrder("b", 100, 100, seed).items(0)).isNotEqualTo(first);
    assertThat(new BatchOrder("a", 100, 100, seed + 1).items(0)).isNotEqualTo(first);
  }
}
