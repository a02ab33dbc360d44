package io.patchkit.format;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A dense tensor of finite floating-point numbers in row-major order.
 *
 * <p>Every element is a value that the {@link #dtype() dtype} can represent, held as a float. No
 * dimension is zero; a tensor without dimensions holds one element. Immutable and thread-safe;
 * arrays are copied in and out.
 */
public final class Tensor {

  /** Dimensions of a tensor, at most. */
  static final int MAX_RANK = 8;

  /** Elements of a tensor, at most: what a Java array holds. */
  static final int MAX_SIZE = Integer.MAX_VALUE - 8;

  private final DType dtype;
  private final List<Long> shape;
  private final float[] values;

  private Tensor(DType dtype, List<Long> shape, float[] values) {
    this.dtype = dtype;
    this.shape = shape;
    this.values = values;
  }

  /**
   * A tensor of these values, each rounded to the nearest value of {@code dtype}, ties to even.
   *
   * @param values in row-major order, finite and within the range of {@code dtype}
   * @param shape at most eight dimensions, each at least 1, their product {@code values.length}
   * @throws IllegalArgumentException if a value or the shape is not so
   */
  public static Tensor of(DType dtype, float[] values, long... shape) {
    List<Long> dimensions = new ArrayList<>();
    for (long dimension : shape) {
      dimensions.add(dimension);
    }
    if (size(dimensions) != values.length) {
      throw new IllegalArgumentException(
          "shape " + dimensions + " does not hold " + values.length + " values");
    }
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = dtype.round(values[i]);
      if (!Float.isFinite(rounded[i])) {
        throw new IllegalArgumentException(
            "values[" + i + "] is " + values[i] + "; allowed are finite values of " + dtype);
      }
    }
    return new Tensor(dtype, List.copyOf(dimensions), rounded);
  }

  /**
   * The tensor that owns {@code values} from now on, without a copy: finite values of {@code
   * dtype}, as many as {@code shape} says.
   */
  static Tensor adopt(DType dtype, List<Long> shape, float[] values) {
    return new Tensor(dtype, List.copyOf(shape), values);
  }

  private static long size(List<Long> shape) {
    if (shape.size() > MAX_RANK) {
      throw new IllegalArgumentException(
          "shape " + shape + " has more than " + MAX_RANK + " dimensions");
    }
    long size = 1;
    for (long dimension : shape) {
      if (dimension < 1 || dimension > MAX_SIZE / size) {
        throw new IllegalArgumentException(
            "shape "
                + shape
                + " must have dimensions of at least 1 and at most "
                + MAX_SIZE
                + " elements");
      }
      size *= dimension;
    }
    return size;
  }

  public DType dtype() {
    return dtype;
  }

  /** The dimensions, outermost first; unmodifiable. */
  public List<Long> shape() {
    return shape;
  }

  /** The number of elements. */
  public int size() {
    return values.length;
  }

  /** The element at {@code index} of the row-major order. */
  public float get(int index) {
    return values[index];
  }

  /** A copy of all elements in row-major order. */
  public float[] toArray() {
    return values.clone();
  }

  /** The elements themselves, not a copy; for reading within this package only. */
  float[] shared() {
    return values;
  }

  /** Whether the other is a tensor of the same dtype, shape and bits. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Tensor that
        && dtype == that.dtype
        && shape.equals(that.shape)
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * dtype.hashCode() + shape.hashCode()) + Arrays.hashCode(values);
  }

  /** The dtype and shape, such as {@code F32[50, 576]}. */
  @Override
  public String toString() {
    return dtype + shape.toString();
  }
}
