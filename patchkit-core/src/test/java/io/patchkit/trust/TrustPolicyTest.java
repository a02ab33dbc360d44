package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a keyring and a policy may say, and which names a key's patterns match. */
class TrustPolicyTest {

  private static final TrustedKey ALICE = TrustedKey.of(Lab.ALICE.verificationKey());

  @ParameterizedTest
  @CsvSource({
    "*, refuse-harm, true",
    "refuse-*, refuse-harm, true",
    "refuse-*, refuse-, true",
    "refuse-*, refuse, false",
    "refuse-*, do-refuse-harm, false",
    "refuse, refuse, true",
    "refuse, refuse-harm, false",
    "refuse-harm, refuse, false",
    "*-harm, refuse-harm, true",
    "*-harm, refuse-harms, false",
    "*a*b, aab, true",
    "*ab, aab, true",
    "a*b*c, abbc, true",
    "a*b*c, acb, false",
    "a**, a, true",
    "a.c, abc, false",
  })
  void aPatternMatches(String glob, String name, boolean matches) {
    assertThat(ALICE.withNames(glob).isFor(name)).isEqualTo(matches);
    assertThat(ALICE.withNames("other", glob).isFor(name)).isEqualTo(matches);
  }

  @Test
  void aKeyWithoutNamesIsForNoPatch() {
    assertThat(ALICE.withNames().isFor("refuse-harm")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "A", "a/b", "a b", "-a", "a-", "[ab]", "a?"})
  void noPatternIs(String glob) {
    assertThatThrownBy(() -> ALICE.withNames(glob))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("names has '" + glob + "'");
  }

  @Test
  void patternsAreAsLongAsNames() {
    assertThat(ALICE.withNames("a".repeat(64)).isFor("a".repeat(64))).isTrue();
    assertThatThrownBy(() -> ALICE.withNames("a".repeat(65)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesWhatCanTrustNobodyOrCountAKeyTwice() {
    assertThat(ALICE.withValidity(SamplePatch.NOW, SamplePatch.NOW).notAfter())
        .isEqualTo(SamplePatch.NOW);
    assertThatThrownBy(() -> ALICE.withValidity(SamplePatch.NOW, SamplePatch.NOW.minusNanos(1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> TrustPolicy.of(List.of(ALICE, ALICE.withNames("a"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("twice");
    TrustPolicy policy = TrustPolicy.of(List.of(ALICE));
    assertThatThrownBy(() -> policy.withThreshold(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> policy.withThreshold(Role.AUTHOR, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> policy.withMaxMagnitude(0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> policy.withMaxMagnitude(Float.NaN))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aRevokedKeyIsNamedByItselfOrByItsId() {
    VerificationKey key = Lab.ALICE.verificationKey();
    TrustPolicy policy = TrustPolicy.of(key);
    assertThat(policy.withRevoked(key, "lost").revocation(key.keyId())).isEqualTo("lost");
    assertThat(policy.withRevoked(key.keyId(), "lost").revocation(key.keyId())).isEqualTo("lost");
  }

  /** Taken as it is, the revocation would hold for no key. */
  @Test
  void theIdOfARevokedKeyHasOneSpelling() {
    String id = Lab.ALICE.verificationKey().keyId();
    TrustPolicy policy = TrustPolicy.of(ALICE.key());
    for (String other :
        List.of("", id.toUpperCase(Locale.ROOT), "sha256:" + id, id + "\n", id.substring(1))) {
      assertThatThrownBy(() -> policy.withRevoked(other, "lost"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("keyId is '" + other + "'")
          .hasMessageContaining("64 lower-case hexadecimal digits");
    }
  }
}
