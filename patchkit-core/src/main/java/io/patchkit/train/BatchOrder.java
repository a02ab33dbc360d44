package io.patchkit.train;

import java.util.Arrays;
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
  private int[] first = {};
  private int[] placeOf = {};

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

  /**
   * The examples that are first taken together with this one, itself among them: parts of one
   * partition of the data, whenever it is asked.
   *
   * @param atMost how many of the examples of a step make a part
   */
  int[] firstTakenWith(int example, int atMost) {
    if (first.length == 0) {
      first = permutation(0);
      placeOf = new int[size];
      for (int place = 0; place < size; place++) {
        placeOf[first[place]] = place;
      }
    }
    int step = placeOf[example] / perStep * perStep;
    int from = step + (placeOf[example] - step) / atMost * atMost;
    int to = Math.min(Math.min(from + atMost, step + perStep), size);
    return Arrays.copyOfRange(first, from, to);
  }

  private void turnTo(long wanted) {
    if (wanted != epoch) {
      permutation = permutation(wanted);
      epoch = wanted;
    }
  }

  private int[] permutation(long ofEpoch) {
    Random random =
        new Random(new DataDigest().add("order").add(name).add(seed).add(ofEpoch).leadingLong());
    int[] shuffled = new int[size];
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      shuffled[i] = shuffled[j];
      shuffled[j] = i;
    }
    return shuffled;
  }
}
