package io.patchkit.train;

import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import java.util.Arrays;

/**
 * How long an optimizer step is for each number of a prefix, in units of the learning rate: one for
 * all, or in proportion to what the prefix held at the start. Immutable.
 *
 * <p>A key/value prefix is made of planes, the keys or the values of one layer, and these differ
 * widely: in SmolLM2-135M the root mean square of a layer's keys is 1.3 to 2.7, that of its values
 * 0.04 to 1.8. A soft prompt is one plane.
 */
final class StepSizes {

  /** The least relative size, so that a plane of zeros can move: ε₂ of Adafactor. */
  private static final double LEAST = 1e-3;

  private final double[] planes;
  private final int width;

  private StepSizes(double[] planes, int width) {
    this.planes = planes;
    this.width = width;
  }

  /** One for all. */
  static StepSizes equal() {
    return new StepSizes(new double[] {1}, 1);
  }

  /**
   * In each plane the root mean square of its numbers, as the relative step size of Adafactor
   * (Shazeer and Stern, arXiv 1804.04235, section 8) at its first step.
   *
   * @param frozen how many of the first positions do not count; fewer than there are
   */
  static StepSizes relativeTo(Prefix start, int frozen) {
    float[] numbers = TrainingState.numbers(start);
    int planes = start instanceof KeyValuePrefix keyValue ? 2 * keyValue.layers() : 1;
    int width = numbers.length / start.length() / planes;
    double[] sizes = new double[planes];
    for (int i = frozen * planes * width; i < numbers.length; i++) {
      sizes[i / width % planes] += (double) numbers[i] * numbers[i];
    }
    int count = (start.length() - frozen) * width;
    Arrays.setAll(sizes, plane -> Math.max(LEAST, Math.sqrt(sizes[plane] / count)));
    return new StepSizes(sizes, width);
  }

  /** The length of a step for the number at an index. */
  double of(int index) {
    return planes[index / width % planes.length];
  }
}
