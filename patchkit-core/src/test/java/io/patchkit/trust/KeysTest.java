package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.trust.UnusableKeyException.Reason;
import java.math.BigInteger;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeysTest {

  @ParameterizedTest
  @EnumSource
  void readsWhatItWrites(Curve curve) {
    Signer signer = Signer.generate(curve);
    VerificationKey key = signer.verificationKey();
    assertThat(key.curve()).isEqualTo(curve);
    assertThat(VerificationKey.parse(key.toPem())).isEqualTo(key);
    assertThat(Signer.parse(signer.toPem()).verificationKey()).isEqualTo(key);
    byte[] message = {1, 2, 3};
    assertThat(key.verifies(message, Signer.parse(signer.toPem()).signature(message))).isTrue();
    assertThat(key.verifies(new byte[] {1, 2, 4}, signer.signature(message))).isFalse();
  }

  /** The two candidates for y are equally likely, so sixteen keys meet both. */
  @ParameterizedTest
  @EnumSource
  void computesThePublicKeyAsTheGeneratorOfThePairDid(Curve curve) throws Exception {
    KeyPairGenerator pairs = KeyPairGenerator.getInstance("EC");
    pairs.initialize(new ECGenParameterSpec(curve.standardName()));
    for (int i = 0; i < 16; i++) {
      var pair = pairs.generateKeyPair();
      Signer signer = Signer.parse(Pem.write(Pem.PRIVATE_KEY, pair.getPrivate().getEncoded()));
      assertThat(signer.verificationKey().toPem())
          .isEqualTo(Pem.write(Pem.PUBLIC_KEY, pair.getPublic().getEncoded()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Ed25519", "X25519", "RSA", "DSA"})
  void refusesOtherAlgorithms(String algorithm) throws Exception {
    var pair = KeyPairGenerator.getInstance(algorithm).generateKeyPair();
    assertThat(reason(Pem.write(Pem.PUBLIC_KEY, pair.getPublic().getEncoded())))
        .isEqualTo(Reason.ALGORITHM);
    assertThatThrownBy(
            () -> Signer.parse(Pem.write(Pem.PRIVATE_KEY, pair.getPrivate().getEncoded())))
        .isInstanceOf(UnusableKeyException.class)
        .extracting("reason")
        .isEqualTo(Reason.ALGORITHM);
  }

  /** P-224 and secp256k1, as OpenSSL writes them. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "304e301006072a8648ce3d020106052b81040021033a0004" + "11",
        "3056301006072a8648ce3d020106052b8104000a03420004" + "11"
      })
  void refusesOtherCurves(String hex) {
    assertThat(reason(pem(HexFormat.of().parseHex(hex)))).isEqualTo(Reason.CURVE);
  }

  @Test
  void refusesOtherFormsOfAKey() {
    byte[] der = der(Signer.generate(Curve.P256).verificationKey());
    byte[] compressed =
        HexFormat.of()
            .parseHex(
                "3039301306072a8648ce3d020106082a8648ce3d030107032200"
                    + "02"
                    + HexFormat.of().formatHex(der, 27, 59));
    assertThat(reason(pem(compressed))).isEqualTo(Reason.NOT_CANONICAL);
    byte[] longer = Arrays.copyOf(der, der.length + 1);
    assertThat(reason(pem(longer))).isEqualTo(Reason.NOT_CANONICAL);
  }

  @Test
  void refusesPointsBesideTheCurve() {
    byte[] der = der(Signer.generate(Curve.P256).verificationKey());
    der[der.length - 1] ^= 1;
    assertThat(reason(pem(der))).isEqualTo(Reason.MALFORMED);
    Arrays.fill(der, 27, der.length, (byte) 0);
    assertThat(reason(pem(der))).isEqualTo(Reason.MALFORMED);
    Arrays.fill(der, 27, der.length, (byte) 0xff);
    assertThat(reason(pem(der))).isEqualTo(Reason.MALFORMED);
  }

  /** On P-521 a coordinate and the prime together have room: one point, another key id. */
  @Test
  void refusesCoordinatesThatAreNotReduced() {
    byte[] der = der(Signer.generate(Curve.P521).verificationKey());
    int length = Curve.P521.coordinateBytes();
    for (int begin : new int[] {der.length - 2 * length, der.length - length}) {
      BigInteger coordinate = new BigInteger(1, Arrays.copyOfRange(der, begin, begin + length));
      byte[] sum = coordinate.add(Curve.P521.prime()).toByteArray();
      byte[] other = der.clone();
      Arrays.fill(other, begin, begin + length, (byte) 0);
      System.arraycopy(sum, 0, other, begin + length - sum.length, sum.length);
      assertThat(reason(pem(other))).isEqualTo(Reason.MALFORMED);
    }
  }

  @Test
  void refusesAPemTextThatIsTooLongOrHasNothingInIt() {
    String pem = Signer.generate(Curve.P256).verificationKey().toPem();
    String end = "\n-----END PUBLIC KEY-----";
    String longest = pem.strip().replace(end, "\n".repeat(4096 - pem.strip().length()) + end);
    assertThat(longest).hasSize(Pem.MAX_CHARACTERS);
    assertThat(VerificationKey.parse(longest).toPem()).isEqualTo(pem);
    assertThat(reason(longest.replace(end, "\n" + end))).isEqualTo(Reason.NOT_PEM);
    assertThat(reason("-----BEGIN PUBLIC KEY-----" + end)).isEqualTo(Reason.NOT_PEM);
    assertThat(reason("-----BEGIN PUBLIC KEY-----\n" + end)).isEqualTo(Reason.NOT_PEM);
    assertThat(reason(pem.replace("BEGIN", "BEGAN"))).isEqualTo(Reason.NOT_PEM);
    assertThat(reason(pem.replace("END", "ENDS"))).isEqualTo(Reason.NOT_PEM);
  }

  @Test
  void tellsWhatWasTakenForAKeyAndShowsNothingOfIt() {
    Signer signer = Signer.generate(Curve.P256);
    String secret = signer.toPem();
    for (String text :
        List.of(
            secret,
            secret.replace("PRIVATE KEY", "EC PRIVATE KEY"),
            secret.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
            "",
            "-----BEGIN PUBLIC KEY-----\n@\n-----END PUBLIC KEY-----\n",
            signer.verificationKey().toPem().repeat(2),
            "x" + signer.verificationKey().toPem())) {
      UnusableKeyException refusal =
          catchThrowableOfType(UnusableKeyException.class, () -> VerificationKey.parse(text));
      assertThat(refusal.reason()).isEqualTo(Reason.NOT_PEM);
      assertThat(refusal.getMessage()).doesNotContain(secret.lines().toList().get(1));
    }
    assertThat(signer.toString()).doesNotContain(secret.lines().toList().get(1));
    assertThatThrownBy(() -> Signer.parse(signer.verificationKey().toPem()))
        .hasMessageContaining("found a public key");
  }

  @Test
  void readsCarriageReturnsAndSpaceAround() {
    VerificationKey key = Signer.generate(Curve.P384).verificationKey();
    assertThat(VerificationKey.parse("\n" + key.toPem().replace("\n", "\r\n") + "  ").keyId())
        .isEqualTo(key.keyId());
  }

  private static byte[] der(VerificationKey key) {
    return Pem.read(Pem.PUBLIC_KEY, key.toPem());
  }

  private static String pem(byte[] der) {
    return "-----BEGIN PUBLIC KEY-----\n"
        + Base64.getEncoder().encodeToString(der)
        + "\n-----END PUBLIC KEY-----\n";
  }

  private static Reason reason(String pem) {
    return catchThrowableOfType(UnusableKeyException.class, () -> VerificationKey.parse(pem))
        .reason();
  }
}
