package io.patchkit.train;

import java.util.Random;

/**
 * Which examples each step takes: every epoch is a new permutation of the data, and steps take what
 * comes next. A function of seed and step alone, so that a training goes on from any step without
 * having stored anything. Not thread-safe.
 */
final class BatchOrder {

  private final String name;
  private final int size;
  private final int perStep;
  private final long seed;
  private long epoch = -1;
  private int[] permutation = {};

  /**
   * @param name of the term; terms of one plan are ordered independently
   * @param size number of examples
   */
  BatchOrder(String name, int size, int perStep, long seed) {
    this.name = name;
    this.size = size;
    this.perStep = perStep;
    this.seed = seed;
  }

  /** The indices of the examples that a step takes. */
  int[] items(int step) {
    int[] items = new int[perStep];
    for (int i = 0; i < perStep; i++) {
      long place = (long) step * perStep + i;
      turnTo(place / size);
      items[i] = permutation[(int) (place % size)];
    }
    return items;
  }

  private void turnTo(long wanted) {
    if (wanted == epoch) {
      return;
    }
    Random random =
        new Random(new DataDigest().add("order").add(name).add(seed).add(wanted).leadingLong());
    permutation = new int[size];
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      permutation[i] = permutation[j];
      permutation[j] = i;
    }
    epoch = wanted;
  }
}
