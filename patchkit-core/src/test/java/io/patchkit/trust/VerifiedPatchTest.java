package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.Patch;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
