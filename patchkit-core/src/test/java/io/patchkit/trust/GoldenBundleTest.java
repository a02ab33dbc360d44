package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.trust.UntrustedPatchException.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Bundles that model-signing 1.1.1 made, with keys that OpenSSL made; see {@code make-golden.sh}.
 */
class GoldenBundleTest {

  private static final Path RESOURCES = Path.of("src/test/resources/io/patchkit/trust");
  private static final Path PATCH = RESOURCES.resolve("refuse-harm");

  @ParameterizedTest
  @EnumSource
  void accepts(Curve curve) throws Exception {
    Path pem = RESOURCES.resolve(curve + ".pub");
    VerificationKey key = VerificationKey.load(pem);
    assertThat(key.curve()).isEqualTo(curve);
    assertThat(key.keyId()).isEqualTo(Sha256.hex(Files.readAllBytes(pem)));
    assertThat(key.toPem()).isEqualTo(Files.readString(pem));

    Path bundle = RESOURCES.resolve(curve + ".sig");
    VerifiedPatch verified =
        VerifiedPatch.verify(PATCH, List.of(bundle), TrustPolicy.of(key), SamplePatch.CLOCK);
    assertThat(verified.patch().id()).isEqualTo("refuse-harm-1.2.0");
    assertThat(SignedDirectory.verify(PATCH, bundle, key).digests())
        .isEqualTo(verified.files().digests());
  }

  @ParameterizedTest
  @EnumSource
  void refusesAnotherKey(Curve curve) {
    Curve other = Curve.values()[(curve.ordinal() + 1) % 3];
    assertThatThrownBy(
            () ->
                SignedDirectory.verify(
                    PATCH,
                    RESOURCES.resolve(curve + ".sig"),
                    VerificationKey.load(RESOURCES.resolve(other + ".pub"))))
        .isInstanceOf(UntrustedPatchException.class)
        .extracting("code")
        .isEqualTo(Code.UNKNOWN_KEY);
  }

  @Test
  void refusesADirectoryThatIsNotTheSignedOne(@TempDir Path folder) throws Exception {
    Path copy = Files.createDirectory(folder.resolve("refuse-harm"));
    for (String name : PatchFiles.read(PATCH).digests().keySet()) {
      Files.copy(PATCH.resolve(name), copy.resolve(name));
    }
    Path sub = Files.createDirectory(copy.resolve("sub"));
    assertRefused(copy, Code.EXTRA_FILE);
    Path link = Files.createSymbolicLink(sub.resolve("link"), copy.resolve("patch.json"));
    assertRefused(copy, Code.NOT_A_REGULAR_FILE);
    Files.delete(link);
    Path hidden = Files.writeString(sub.resolve(".x"), "x");
    assertRefused(copy, Code.EXTRA_FILE);
    Files.delete(hidden);
    Files.delete(sub);
    Files.delete(copy.resolve("adapter_config.json"));
    assertRefused(copy, Code.MISSING_FILE);
    Files.writeString(copy.resolve("adapter_config.json"), "{}");
    assertRefused(copy, Code.DIGEST_MISMATCH);
  }

  private static void assertRefused(Path directory, Code code) {
    assertThatThrownBy(
            () ->
                SignedDirectory.verify(
                    directory,
                    RESOURCES.resolve("P256.sig"),
                    VerificationKey.load(RESOURCES.resolve("P256.pub"))))
        .isInstanceOf(UntrustedPatchException.class)
        .extracting("code")
        .isEqualTo(code);
  }
}
