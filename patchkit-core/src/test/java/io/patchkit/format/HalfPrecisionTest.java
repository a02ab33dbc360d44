package io.patchkit.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;

/** Digests of numpy's and ml_dtypes' conversions come from reference.py; the rest are laws. */
class HalfPrecisionTest {

  private interface Decoder {
    float toFloat(short bits);
  }

  @Test
  void decodesEveryValueAsNumpyDoes() throws Exception {
    assertThat(decoded(Float16::toFloat))
        .isEqualTo("385ff5fe69182797cda5f1827e20cf423f4416bc9246f27d0eec27cac9039259");
    assertThat(decoded(BFloat16::toFloat))
        .isEqualTo("f12e27efe34841dfd6391497b86f389096b03a376586e1d9691bba0a8de3980a");
  }

  @Test
  void encodesAsNumpyDoes() throws Exception {
    assertThat(encoded(Float16::fromFloat))
        .isEqualTo("07051e9de85ca8ffe434662a5e75951bae9f21b49d2ecb7cef55ce246bb2aad2");
    assertThat(encoded(BFloat16::fromFloat))
        .isEqualTo("2b291cd7f2d2fea4f364b90d10a670d4cc8da184b9f7ef1928a72a8e23699a47");
  }

  @Test
  void everyValueSurvivesARoundTrip() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float half = Float16.toFloat((short) bits);
      assertThat(Float16.fromFloat(half)).isEqualTo((short) bits);
      float brain = BFloat16.toFloat((short) bits);
      if (Float.isNaN(brain)) {
        assertThat(BFloat16.toFloat(BFloat16.fromFloat(brain))).isNaN();
      } else {
        assertThat(BFloat16.fromFloat(brain)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void roundsToTheNearestAndTiesToEven() {
    roundsBetweenNeighbours(Float16::toFloat, Float16::fromFloat, 0x7bff);
    roundsBetweenNeighbours(BFloat16::toFloat, BFloat16::fromFloat, 0x7f7f);
  }

  @Test
  void overflowsToInfinityAtHalfAnUlpAboveTheLargest() {
    assertThat(Float16.fromFloat(Math.nextDown(65520f))).isEqualTo((short) 0x7bff);
    assertThat(Float16.fromFloat(65520f)).isEqualTo((short) 0x7c00);
    assertThat(Float16.fromFloat(-Float.MAX_VALUE)).isEqualTo((short) 0xfc00);
    assertThat(BFloat16.fromFloat(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
  }

  @Test
  void nanStaysNan() {
    float smallest = Float.intBitsToFloat(0xff800001);
    assertThat(Float16.toFloat(Float16.fromFloat(smallest))).isNaN();
    assertThat(BFloat16.toFloat(BFloat16.fromFloat(smallest))).isNaN();
    assertThat(Float16.fromFloat(smallest)).isNegative();
    assertThat(BFloat16.fromFloat(smallest)).isNegative();
  }

  /** Each neighbour owns its side of the midpoint; the midpoint goes to the even one. */
  private static void roundsBetweenNeighbours(
      Decoder decoder, ToIntFunction<Float> encoder, int largest) {
    for (int bits = 0; bits < largest; bits++) {
      float low = decoder.toFloat((short) bits);
      float high = decoder.toFloat((short) (bits + 1));
      float middle = low + (high - low) / 2;
      int even = bits % 2 == 0 ? bits : bits + 1;
      assertThat(encoder.applyAsInt(middle)).isEqualTo(even);
      assertThat(encoder.applyAsInt(Math.nextDown(middle))).isEqualTo(bits);
      assertThat(encoder.applyAsInt(Math.nextUp(middle))).isEqualTo(bits + 1);
      assertThat((short) encoder.applyAsInt(-middle)).isEqualTo((short) (even | 0x8000));
    }
  }

  private static String decoded(Decoder decoder) throws NoSuchAlgorithmException {
    ByteBuffer bytes = ByteBuffer.allocate(4 << 16).order(ByteOrder.LITTLE_ENDIAN);
    for (int bits = 0; bits < 1 << 16; bits++) {
      bytes.putInt(Float.floatToIntBits(decoder.toFloat((short) bits)));
    }
    return sha256(bytes);
  }

  private static String encoded(ToIntFunction<Float> encoder) throws NoSuchAlgorithmException {
    ByteBuffer bytes = ByteBuffer.allocate(2 << 20).order(ByteOrder.LITTLE_ENDIAN);
    for (long bits = 0; bits < 1L << 32; bits += 4099) {
      float value = Float.intBitsToFloat((int) bits);
      if (!Float.isNaN(value)) {
        bytes.putShort((short) encoder.applyAsInt(value));
      }
    }
    return sha256(bytes);
  }

  private static String sha256(ByteBuffer bytes) throws NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    digest.update(bytes.flip());
    return HexFormat.of().formatHex(digest.digest());
  }
}
