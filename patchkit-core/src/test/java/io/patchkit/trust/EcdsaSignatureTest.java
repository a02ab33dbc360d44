package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The platform's verifier never sees what is refused here, so each rule is held alone. */
class EcdsaSignatureTest {

  private static final String ORDER =
      "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // nothing
        "30", // a tag alone
        "3081", // half a length
        "3106020101020101", // a set
        "3006030101020101", // r is a bit string
        "3006020101030101", // s is a bit string
        "3005020101020101", // a length of one less than there is
        "3007020101020101", // of one more
        "300702010102010100", // a byte behind s, within the length
        "3003020101", // r alone
        "30050200020101", // r of no bytes
        "30050201010200", // s of no bytes
        "3006020101020201", // s goes on behind the end
        "3006020100020101", // r is 0
        "3006020101020100", // s is 0
        "3006020180020101", // r is negative
        "3006020101020180", // s is negative
        "300702020001020101", // r has a byte too many
        "300702010102020001", // s has a byte too many
        "3026022100" + ORDER + "020101", // r is the order
        "3026020101022100" + ORDER, // s is the order
        "308106020101020101", // a length in a form too long
        "30820006020101020101", // and in one longer still
        "3080020101020101", // a length that is not said
      })
  void refuses(String hex) {
    assertThat(EcdsaSignature.isWellFormed(HexFormat.of().parseHex(hex), Curve.P256)).isFalse();
  }

  @Test
  void acceptsTheSmallestAndTheLargest() {
    String most = ORDER.substring(0, 62) + "50";
    for (String hex : new String[] {"3006020101020101", "3046" + ("022100" + most).repeat(2)}) {
      assertThat(EcdsaSignature.isWellFormed(HexFormat.of().parseHex(hex), Curve.P256)).isTrue();
    }
  }

  /** On P-521 the two integers take more than 127 bytes, and 128 with a length of two bytes. */
  @Test
  void acceptsALengthOfTwoBytesWhereItTakesThem() {
    String r = "0241" + "01".repeat(65);
    String s = "023b" + "01".repeat(59);
    assertThat(isWellFormedOnP521("308180" + r + s)).isTrue();
    assertThat(isWellFormedOnP521("308280" + r + s)).isFalse();
    assertThat(isWellFormedOnP521("3080" + r + s)).isFalse();
    assertThat(isWellFormedOnP521("307f" + r + "023a" + "01".repeat(58))).isTrue();
    assertThat(isWellFormedOnP521("30817f" + r + "023a" + "01".repeat(58))).isFalse();
  }

  private static boolean isWellFormedOnP521(String hex) {
    return EcdsaSignature.isWellFormed(HexFormat.of().parseHex(hex), Curve.P521);
  }
}
