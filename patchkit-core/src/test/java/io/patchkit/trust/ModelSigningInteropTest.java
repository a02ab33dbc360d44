package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.Interop;
import io.patchkit.trust.UntrustedPatchException.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The PyPI package {@code model-signing} accepts what we sign, and we accept what it signs. */
class ModelSigningInteropTest {

  @TempDir Path folder;
  private Path tool;
  private Path directory;
  private Path bundle;

  @BeforeEach
  void findTheTool() {
    tool = Interop.tool("venv/bin/model_signing");
    directory = SamplePatch.save(folder.resolve("refuse-harm"), "refuse-harm");
    bundle = folder.resolve("refuse-harm.sig");
  }

  @ParameterizedTest
  @EnumSource
  void itAcceptsWhatWeSign(Curve curve) throws Exception {
    Signer signer = Signer.generate(curve);
    Files.write(bundle, signer.sign(directory));
    assertThat(peerVerifies(signer).output()).contains("Verification succeeded");
  }

  @ParameterizedTest
  @EnumSource
  void weAcceptWhatItSigns(Curve curve) throws Exception {
    Signer signer = Signer.generate(curve);
    peerSigns(signer);
    VerifiedPatch verified =
        VerifiedPatch.verify(
            directory,
            List.of(bundle),
            TrustPolicy.of(signer.verificationKey()),
            SamplePatch.CLOCK);
    assertThat(verified.patch().id()).isEqualTo("refuse-harm-1.2.0");
    assertThat(SignedDirectory.verify(directory, bundle, signer.verificationKey()).subject())
        .isEqualTo("refuse-harm");
  }

  /** Names whose order depends on how they are compared, and a signature in the directory. */
  @Test
  void weAgreeAboutAnyDirectory() throws Exception {
    Path model = Files.createDirectories(folder.resolve("model/a/b")).getParent().getParent();
    for (String name :
        List.of(
            "a/b/c", "a/z", "a-b", "a.txt", "B", "é", "\uffee", "\ud83d\ude00", "x y", ".hidden")) {
      Files.writeString(model.resolve(name), name);
    }
    Files.createFile(model.resolve("empty"));
    Signer signer = Signer.generate(Curve.P256);
    directory = model;

    bundle = model.resolve("model.sig");
    peerSigns(signer);
    SignedDirectory signed = SignedDirectory.verify(model, bundle, signer.verificationKey());
    assertThat(signed.digests()).hasSize(11).doesNotContainKey("model.sig");

    Files.delete(bundle);
    byte[] ours = signer.signDirectory(model);
    bundle = Files.write(folder.resolve("ours.sig"), ours);
    assertThat(peerVerifies(signer).output()).contains("Verification succeeded");
  }

  /** It passes over files of git, hidden in the directory or not; we do not. */
  @Test
  void weRefuseWhatItPassesOver() throws Exception {
    Signer signer = Signer.generate(Curve.P256);
    peerSigns(signer);
    Files.createDirectory(directory.resolve(".git"));
    Files.writeString(directory.resolve(".git/evil"), "x");
    assertThat(peerVerifies(signer).output()).contains("Verification succeeded");
    assertThatThrownBy(() -> SignedDirectory.verify(directory, bundle, signer.verificationKey()))
        .isInstanceOf(UntrustedPatchException.class)
        .extracting("code")
        .isEqualTo(Code.EXTRA_FILE);
  }

  private void peerSigns(Signer signer) throws Exception {
    Path key = Files.writeString(folder.resolve("key.pem"), signer.toPem());
    Interop.Result result =
        Interop.run(
            List.of(tool, "sign", "key", directory, "--private_key", key, "--signature", bundle));
    assertThat(result.exit()).as(result.output()).isZero();
  }

  private Interop.Result peerVerifies(Signer signer) throws Exception {
    Path key = Files.writeString(folder.resolve("key.pub"), signer.verificationKey().toPem());
    return Interop.run(
        List.of(tool, "verify", "key", directory, "--public_key", key, "--signature", bundle));
  }
}
