package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.BaseModel;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.SemanticVersion;
import io.patchkit.trust.UntrustedPatchException.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VerifiedPatchTest {

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void acceptsWhatATrustedKeySigned(Curve curve) throws Exception {
    Path directory = SamplePatch.save(folder.resolve("p"), "refuse-harm");
    Signer signer = Signer.generate(curve);
    Path bundle = Files.write(folder.resolve("p.sig"), signer.sign(directory));

    VerifiedPatch verified =
        VerifiedPatch.verify(
            directory,
            List.of(bundle),
            TrustPolicy.of(signer.verificationKey()),
            SamplePatch.CLOCK);

    assertThat(verified.patch()).isEqualTo(Patch.load(directory));
    assertThat(verified.identity())
        .isEqualTo(Sha256.hex(Files.readAllBytes(directory.resolve("patch.json"))));
    assertThat(verified.signers())
        .extracting(TrustedKey::key)
        .containsExactly(signer.verificationKey());
    assertThat(verified.files().content("adapter_model.safetensors"))
        .isEqualTo(Files.readAllBytes(directory.resolve("adapter_model.safetensors")));
  }

  @Test
  void countsDistinctKeys() {
    Path directory = SamplePatch.save(folder.resolve("p"), "refuse-harm");
    Signer a = Signer.generate(Curve.P256);
    Signer b = Signer.generate(Curve.P384);
    TrustPolicy policy =
        TrustPolicy.of(
                List.of(
                    TrustedKey.of(a.verificationKey()).withRoles(Role.AUTHOR),
                    TrustedKey.of(b.verificationKey()).withRoles(Role.APPROVER)))
            .withThreshold(2)
            .withThreshold(Role.APPROVER, 1);
    VerifiedPatch verified =
        VerifiedPatch.verify(
            PatchFiles.read(directory),
            List.of(a.sign(directory), b.sign(directory)),
            policy,
            SamplePatch.CLOCK);
    assertThat(verified.signers()).hasSize(2);
  }

  private static byte[] padded(byte[] bundle, int length) {
    byte[] padded = Arrays.copyOf(bundle, length);
    Arrays.fill(padded, bundle.length, length, (byte) ' ');
    return padded;
  }

  @Test
  void acceptsTheLimitsThemselvesAndNothingBeyond() throws Exception {
    Path directory = SamplePatch.save(folder.resolve("p"), "refuse-harm");
    byte[] signature = Lab.ALICE.sign(directory);
    TrustPolicy policy = TrustPolicy.of(Lab.ALICE.verificationKey()).withMaxMagnitude(2.5f);
    byte[] most = padded(signature, VerifiedPatch.MAX_BUNDLE_BYTES);
    VerifiedPatch verified =
        VerifiedPatch.verify(
            PatchFiles.read(directory),
            Collections.nCopies(VerifiedPatch.MAX_BUNDLES, most),
            policy,
            SamplePatch.CLOCK);
    assertThat(verified.bundles()).hasSize(32).contains(most);
    assertThat(verified.signers()).hasSize(1);

    Path bundle = folder.resolve("p.sig");
    Files.write(bundle, padded(signature, VerifiedPatch.MAX_BUNDLE_BYTES + 1));
    assertThatThrownBy(
            () -> VerifiedPatch.verify(directory, List.of(bundle), policy, SamplePatch.CLOCK))
        .extracting("code")
        .isEqualTo(Code.MALFORMED_BUNDLE);
    List<Path> tooMany = Collections.nCopies(33, folder.resolve("not-there"));
    assertThatThrownBy(() -> VerifiedPatch.verify(directory, tooMany, policy, SamplePatch.CLOCK))
        .extracting("code")
        .isEqualTo(Code.TOO_MANY_BUNDLES);
  }

  @Test
  void aKeyCountsFromItsFirstInstantToItsLast() {
    Path directory = SamplePatch.save(folder.resolve("p"), "refuse-harm");
    TrustPolicy policy =
        TrustPolicy.of(
            List.of(
                TrustedKey.of(Lab.ALICE.verificationKey())
                    .withValidity(SamplePatch.NOW, SamplePatch.NOW)));
    assertThat(
            VerifiedPatch.verify(
                    PatchFiles.read(directory),
                    List.of(Lab.ALICE.sign(directory)),
                    policy,
                    SamplePatch.CLOCK)
                .signers())
        .hasSize(1);
  }

  @Test
  void theNumbersOfAKeyValuePrefixAreHeldAgainstThePolicyToo() {
    float[] rows = new float[32];
    rows[31] = -3;
    Path directory = folder.resolve("kv");
    Patch.of(
            PatchManifest.of(
                "kv",
                SemanticVersion.parse("1.0.0"),
                new BaseModel("tiny", List.of(), null, 8, 2, 2, 4),
                SamplePatch.NOW),
            KeyValuePrefix.of(2, 2, 4, rows))
        .save(directory);
    PatchFiles files = PatchFiles.read(directory);
    List<byte[]> bundles = List.of(Lab.ALICE.sign(directory));
    TrustPolicy policy = TrustPolicy.of(Lab.ALICE.verificationKey());
    VerifiedPatch.verify(files, bundles, policy.withMaxMagnitude(3), SamplePatch.CLOCK);
    assertThatThrownBy(
            () ->
                VerifiedPatch.verify(
                    files, bundles, policy.withMaxMagnitude(2.99f), SamplePatch.CLOCK))
        .extracting("code")
        .isEqualTo(Code.EXTREME_WEIGHTS);
  }
}
