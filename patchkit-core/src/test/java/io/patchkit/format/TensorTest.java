package io.patchkit.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TensorTest {

  @Test
  void copiesInAndOut() {
    float[] values = {1, 2};
    long[] shape = {2, 1};
    Tensor tensor = Tensor.of(DType.F32, values, shape);
    values[0] = 9;
    shape[0] = 9;
    tensor.toArray()[0] = 9;

    assertThat(tensor.toArray()).containsExactly(1, 2);
    assertThat(tensor.shape()).containsExactly(2L, 1L);
    assertThat(tensor.get(1)).isEqualTo(2);
    assertThat(tensor.size()).isEqualTo(2);
    assertThat(tensor).hasToString("F32[2, 1]");
  }

  @Test
  void roundsToItsDtype() {
    float third = 1 / 3f;
    assertThat(Tensor.of(DType.F32, new float[] {third}, 1).get(0)).isEqualTo(third);
    assertThat(Tensor.of(DType.F16, new float[] {third}, 1).get(0)).isEqualTo(0x1.554p-2f);
    assertThat(Tensor.of(DType.BF16, new float[] {third}, 1).get(0)).isEqualTo(0x1.56p-2f);
  }

  @Test
  void refusesWhatItCannotHold() {
    refuses("shape [3] does not hold 2 values", DType.F32, new float[2], 3);
    refuses("shape [0]", DType.F32, new float[0], 0);
    refuses("shape [-1, -2]", DType.F32, new float[2], -1, -2);
    refuses("2147483639", DType.F32, new float[0], 1L << 32, 1L << 32);
    refuses("more than 8 dimensions", DType.F32, new float[1], 1, 1, 1, 1, 1, 1, 1, 1, 1);
    refuses("values[1] is NaN", DType.F32, new float[] {0, Float.NaN}, 2);
    refuses("values[0] is Infinity", DType.BF16, new float[] {Float.POSITIVE_INFINITY}, 1);
    refuses("finite values of F16", DType.F16, new float[] {65520}, 1);
    assertThat(Tensor.of(DType.F16, new float[] {65519.996f}, 1).get(0)).isEqualTo(65504);
  }

  @Test
  void equalityIsOfDtypeShapeAndBits() {
    Tensor tensor = Tensor.of(DType.F32, new float[] {0, 1}, 2);
    assertThat(tensor)
        .isEqualTo(Tensor.of(DType.F32, new float[] {0, 1}, 2))
        .hasSameHashCodeAs(Tensor.of(DType.F32, new float[] {0, 1}, 2))
        .isNotEqualTo(Tensor.of(DType.F32, new float[] {-0f, 1}, 2))
        .isNotEqualTo(Tensor.of(DType.F16, new float[] {0, 1}, 2))
        .isNotEqualTo(Tensor.of(DType.F32, new float[] {0, 1}, 2, 1));
  }

  private static void refuses(String message, DType dtype, float[] values, long... shape) {
    assertThatThrownBy(() -> Tensor.of(dtype, values, shape))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
