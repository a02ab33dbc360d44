package io.patchkit.onnx.decode;

import io.patchkit.GenerationOptions;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * Chooses the next token from logits, one object a request. It never sorts the vocabulary: what can
 * still be chosen is found by thresholds in one or two passes, and only that is ordered. Its
 * working memory is bounded by the vocabulary and reused.
 */
final class TokenSampler {

  /**
   * The nucleus is first looked for among tokens of at least the weight outside of it divided by
   * this; larger finds it more often, smaller among fewer tokens.
   */
  private static final int NUCLEUS_BOUND = 2048;

  private final GenerationOptions options;
  private final SplittableRandom random;
  private final BitSet seen = new BitSet();

  private float[] values = new float[0];
  private float[] exponentials = new float[0];
  private int[] candidates = new int[256];
  private double[] weights = new double[256];
  private double[] scratch = new double[256];

  /**
   * @param prompt the tokens that count as seen for the repetition penalty
   */
  TokenSampler(GenerationOptions options, int[] prompt) {
    this.options = options;
    this.random = new SplittableRandom(options.seed());
    if (options.repetitionPenalty() != 1) {
      for (int token : prompt) {
        seen.set(token);
      }
    }
  }

  /**
   * The next token.
   *
   * @param logits [vocabulary]
   */
  int sample(FloatBuffer logits, int vocabularySize) {
    if (values.length < vocabularySize) {
      values = new float[vocabularySize];
    }
    logits.get(0, values, 0, vocabularySize);
    if (options.repetitionPenalty() != 1) {
      penalizeRepetition();
    }
    int best = Argmax.of(values, vocabularySize);
    int token = options.isGreedy() ? best : draw(vocabularySize, values[best]);
    if (options.repetitionPenalty() != 1) {
      seen.set(token);
    }
    return token;
  }

  private void penalizeRepetition() {
    float penalty = (float) options.repetitionPenalty();
    for (int token = seen.nextSetBit(0); token >= 0; token = seen.nextSetBit(token + 1)) {
      float logit = values[token];
      values[token] = logit > 0 ? logit / penalty : logit * penalty;
    }
  }

  private int draw(int vocabularySize, float max) {
    // Of temperatures near 0 the inverse is infinite, and 0 times that no number.
    double scale = Math.min(1 / options.temperature(), Float.MAX_VALUE);
    boolean limitsCount = options.topK() > 0 && options.topK() < vocabularySize;
    int count;
    if (limitsCount) {
      count = collectLikeliest(vocabularySize, options.topK(), max, scale);
      count = options.topP() < 1 ? keepNucleus(count, sum(weights, count)) : count;
    } else if (options.topP() < 1) {
      double total = weigh(vocabularySize, max, scale);
      count = keepNucleus(collectNucleus(vocabularySize, total), total);
    } else if (options.minP() > 0) {
      count = collectAbove(vocabularySize, max, scale);
    } else {
      return drawFromAll(vocabularySize, weigh(vocabularySize, max, scale));
    }
    if (options.minP() > 0) {
      count = keepAtLeast(count, options.minP());
    }
    double rest = random.nextDouble() * sum(weights, count);
    for (int i = 0; i < count - 1; i++) {
      rest -= weights[i];
      if (rest < 0) {
        return candidates[i];
      }
    }
    return candidates[count - 1];
  }

  private static double sum(double[] weights, int count) {
    double total = 0;
    for (int i = 0; i < count; i++) {
      total += weights[i];
    }
    return total;
  }

  /** Fills in the weight exp((logit − max) / T) of every token and returns their sum. */
  private double weigh(int vocabularySize, float max, double scale) {
    if (exponentials.length < vocabularySize) {
      exponentials = new float[vocabularySize];
    }
    return Exponential.sum(values, vocabularySize, max, (float) scale, exponentials);
  }

  private int drawFromAll(int vocabularySize, double total) {
    double rest = random.nextDouble() * total;
    int last = 0;
    for (int i = 0; i < vocabularySize; i++) {
      if (values[i] != Float.NEGATIVE_INFINITY) {
        last = i;
        rest -= exponentials[i];
        if (rest < 0) {
          return i;
        }
      }
    }
    return last;
  }

  /**
   * Gathers tokens that hold the nucleus, out of the weights of all. Those of less than (1 − p) /
   * vocabulary of the total weigh less than 1 − p together, so the others hold it; mostly those
   * above a much higher bound do, which are far fewer.
   */
  private int collectNucleus(int vocabularySize, double total) {
    double outside = (1 - options.topP()) * total;
    int count = collectFrom(exponentials, vocabularySize, (float) (outside / NUCLEUS_BOUND));
    if (sum(weights, count) < options.topP() * total) {
      count = collectFrom(exponentials, vocabularySize, (float) (outside / vocabularySize));
    }
    return count;
  }

  /** Gathers the tokens whose weight can be the share min-p of the largest one, which is 1. */
  private int collectAbove(int vocabularySize, float max, double scale) {
    // A little less, so that rounding excludes none; what is below is left out in the end.
    double lowest = max + (Math.log(options.minP()) - 1e-3) / scale;
    int count = collectFrom(values, vocabularySize, (float) lowest);
    for (int i = 0; i < count; i++) {
      weights[i] = Exponential.of((weights[i] - max) * scale);
    }
    return count;
  }

  /** Gathers the tokens of which a number is at least so large, with these numbers as weights. */
  private int collectFrom(float[] numbers, int vocabularySize, float lowest) {
    int count = 0;
    for (int i = 0; i < vocabularySize; i++) {
      float number = numbers[i];
      if (number >= lowest) {
        if (count == candidates.length) {
          candidates = Arrays.copyOf(candidates, 4 * count);
          weights = Arrays.copyOf(weights, 4 * count);
        }
        candidates[count] = i;
        weights[count++] = number;
      }
    }
    return count;
  }

  /** The k likeliest: a heap of the best so far with the least of them on top. */
  private int collectLikeliest(int vocabularySize, int k, float max, double scale) {
    if (candidates.length < k) {
      candidates = new int[k];
      weights = new double[k];
    }
    int size = 0;
    float least = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabularySize; i++) {
      float logit = values[i];
      if (!(logit > least)) {
        continue;
      }
      if (size < k) {
        candidates[size] = i;
        weights[size] = -logit;
        if (++size < k) {
          continue;
        }
        heapify(size);
      } else {
        candidates[0] = i;
        weights[0] = -logit;
        siftDown(0, size);
      }
      least = (float) -weights[0];
    }
    for (int i = 0; i < size; i++) {
      weights[i] = Exponential.of((-weights[i] - max) * scale);
    }
    return size;
  }

  /** The fewest likeliest tokens that reach the share p of a total, in their order. */
  private int keepNucleus(int count, double total) {
    double target = options.topP() * total;
    double least = leastOfNucleus(count, target);
    double reached = 0;
    for (int i = 0; i < count; i++) {
      reached += weights[i] > least ? weights[i] : 0;
    }
    int kept = 0;
    for (int i = 0; i < count; i++) {
      boolean isLast = weights[i] == least && reached < target;
      if (isLast) {
        reached += least;
      }
      if (isLast || weights[i] > least) {
        swap(kept++, i);
      }
    }
    return kept;
  }

  /**
   * The smallest weight in the nucleus, by quickselect over sums: what is heavier than the pivot
   * either reaches the target, and the search goes on there, or is taken whole.
   */
  private double leastOfNucleus(int count, double target) {
    if (scratch.length < count) {
      scratch = new double[weights.length];
    }
    System.arraycopy(weights, 0, scratch, 0, count);
    int from = 0;
    int to = count;
    double missing = target;
    while (to - from > 1) {
      double pivot = median(scratch[from], scratch[(from + to) >>> 1], scratch[to - 1]);
      int heavier = from;
      double sum = 0;
      for (int i = from; i < to; i++) {
        if (scratch[i] > pivot) {
          sum += scratch[i];
          exchange(heavier++, i);
        }
      }
      if (sum >= missing) {
        to = heavier;
        continue;
      }
      missing -= sum;
      int lighter = heavier;
      for (int i = heavier; i < to; i++) {
        if (scratch[i] == pivot) {
          missing -= pivot;
          exchange(lighter++, i);
        }
      }
      if (missing <= 0 || lighter == to) {
        return pivot;
      }
      from = lighter;
    }
    return scratch[from];
  }

  private static double median(double a, double b, double c) {
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }

  private void exchange(int a, int b) {
    double weight = scratch[a];
    scratch[a] = scratch[b];
    scratch[b] = weight;
  }

  private int keepAtLeast(int count, double share) {
    double max = 0;
    for (int i = 0; i < count; i++) {
      max = Math.max(max, weights[i]);
    }
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (weights[i] >= share * max) {
        swap(kept++, i);
      }
    }
    return kept;
  }

  private void heapify(int size) {
    for (int i = size / 2 - 1; i >= 0; i--) {
      siftDown(i, size);
    }
  }

  private void siftDown(int start, int size) {
    int parent = start;
    while (true) {
      int child = 2 * parent + 1;
      if (child >= size) {
        return;
      }
      if (child + 1 < size && isBefore(child + 1, child)) {
        child++;
      }
      if (!isBefore(child, parent)) {
        return;
      }
      swap(parent, child);
      parent = child;
    }
  }

  /** The order of leaving the heap; the higher id among equals. */
  private boolean isBefore(int a, int b) {
    return weights[a] != weights[b] ? weights[a] > weights[b] : candidates[a] > candidates[b];
  }

  private void swap(int a, int b) {
    int candidate = candidates[a];
    candidates[a] = candidates[b];
    candidates[b] = candidate;
    double weight = weights[a];
    weights[a] = weights[b];
    weights[b] = weight;
  }
}
