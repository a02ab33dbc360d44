package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.CLOCK;
import static io.patchkit.release.SignedPatches.POLICY;
import static io.patchkit.release.SignedPatches.SIGNER;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.Composition;
import io.patchkit.release.StoreException.Reason;
import io.patchkit.trust.Curve;
import io.patchkit.trust.Signer;
import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.TrustedKey;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Installing a patch again mends it, and leaves each key with one signature. */
class ReinstallTest {

  @TempDir Path temporary;
  private PatchStore store;
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");

  @BeforeEach
  void open() {
    store = PatchStore.open(temporary.resolve("store"));
    store.install(calm, ANN);
    store.install(fair, ANN);
    store.activate(digest(calm), ANN);
  }

  private static void assertReason(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  // A damaged patch.json

  private void damage(VerifiedPatch patch, String with) throws IOException {
    Path manifest = temporary.resolve("store/blobs/sha256").resolve(patch.identity());
    Files.delete(manifest);
    switch (with) {
      case "nothing" -> {}
      case "a link" -> Files.createSymbolicLink(manifest, Path.of("elsewhere"));
      default -> Files.writeString(manifest, with);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "nothing", "a link"})
  void aManifestThatIsDamagedIsMended(String with) throws IOException {
    damage(calm, with);
    store.install(calm, ANN);
    assertThat(store.load(store.current()).patches()).containsExactly(calm.patch());
    assertThat(store.status().damaged()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "nothing", "a link"})
  void aDamagedPatchKeepsNoOtherFromBeingInstalled(String with) throws IOException {
    damage(calm, with);
    VerifiedPatch kind = verified("kind");
    store.install(kind, ANN);
    assertThat(store.load(digest(kind))).isEqualTo(kind.patch());
    VerifiedPatch twin = verified("fair", "1.0.0", "twin", Composition.free());
    assertReason(Reason.VERSION_TAKEN, () -> store.install(twin, ANN));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "nothing", "a link"})
  void theStatusNamesADamagedPatchBesideTheOthers(String with) throws IOException {
    damage(calm, with);
    StoreStatus status = store.status();
    assertThat(status.installed()).extracting(InstalledPatch::name).containsExactly("fair");
    assertThat(status.damaged()).containsOnlyKeys(digest(calm));
    assertThat(status.damaged().get(digest(calm))).isNotBlank();
    assertThat(status.current().stack()).extracting(StackEntry::name).containsExactly("calm");
  }

  // Signatures

  private static VerifiedPatch signed(VerifiedPatch patch, Signer... signers) {
    List<byte[]> bundles = new ArrayList<>();
    List<TrustedKey> keys = new ArrayList<>();
    for (Signer signer : signers) {
      bundles.add(signer.sign(patch.files()));
      keys.add(TrustedKey.of(signer.verificationKey()));
    }
    return VerifiedPatch.verify(patch.files(), bundles, TrustPolicy.of(keys), CLOCK);
  }

  private Path signatures() {
    return temporary.resolve("store/sigs").resolve(calm.identity());
  }

  private List<Path> signatureFiles() throws IOException {
    try (Stream<Path> files = Files.list(signatures())) {
      return files.toList();
    }
  }

  @Test
  void eachKeyHasItsNewestSignature() throws IOException {
    Signer other = Signer.generate(Curve.P256);
    store.install(signed(calm, other), ANN);
    VerifiedPatch last = signed(calm, SIGNER);
    for (int i = 0; i < VerifiedPatch.MAX_BUNDLES; i++) {
      last = signed(calm, SIGNER);
      store.install(last, ANN);
    }
    assertThat(signatureFiles()).hasSize(2);
    assertThat(signatures().resolve(Digest.of(last.bundles().get(0)) + ".sig")).exists();
    assertThat(store.verify(digest(calm), POLICY).patch()).isEqualTo(calm.patch());
    assertThat(store.verify(digest(calm), TrustPolicy.of(other.verificationKey())).patch())
        .isEqualTo(calm.patch());
  }

  @Test
  void signaturesThatPiledUpAreThinnedOutByAnyInstall() throws IOException {
    for (int i = 0; i < VerifiedPatch.MAX_BUNDLES; i++) {
      byte[] bundle = SIGNER.sign(calm.files());
      Files.write(signatures().resolve(Digest.of(bundle) + ".sig"), bundle);
    }
    assertThat(store.verify(digest(calm), POLICY).bundles()).hasSize(1);
    store.install(signed(calm, Signer.generate(Curve.P256)), ANN);
    assertThat(signatureFiles()).hasSize(2);
    assertThat(store.verify(digest(calm), POLICY).patch()).isEqualTo(calm.patch());
  }

  @Test
  void aDamagedSignatureGoesWithTheNextInstall() throws IOException {
    Files.writeString(signatureFiles().get(0), "{}");
    assertReason(Reason.CORRUPT_BLOB, () -> store.verify(digest(calm), POLICY));
    store.install(signed(calm, SIGNER), ANN);
    assertThat(store.verify(digest(calm), POLICY).patch()).isEqualTo(calm.patch());
  }

  @Test
  void moreKeysThanAreLookedAtAreRefusedAndNothingChanges() throws IOException {
    Signer[] most = new Signer[VerifiedPatch.MAX_BUNDLES - 1];
    for (int i = 0; i < most.length; i++) {
      most[i] = Signer.generate(Curve.P256);
    }
    store.install(signed(calm, most), ANN);
    assertThat(signatureFiles()).hasSize(VerifiedPatch.MAX_BUNDLES);
    Map<String, Digest> before = SignedPatches.bytesOf(store.directory());
    VerifiedPatch oneMore = signed(calm, Signer.generate(Curve.P256));
    assertReason(Reason.TOO_MANY_SIGNATURES, () -> store.install(oneMore, ANN));
    assertThat(SignedPatches.bytesOf(store.directory())).isEqualTo(before);

    store.install(signed(calm, most[0]), ANN);
    assertThat(signatureFiles()).hasSize(VerifiedPatch.MAX_BUNDLES);
    assertThat(store.verify(digest(calm), POLICY).patch()).isEqualTo(calm.patch());
  }

  /**
   * As a crash between the two leaves them: the new signature is there, the old one not yet gone.
   */
  @Test
  void anInstallThatWasCutShortIsFinishedByTheNext() throws IOException {
    byte[] bundle = SIGNER.sign(calm.files());
    Files.write(signatures().resolve(Digest.of(bundle) + ".sig"), bundle);
    assertThat(store.verify(digest(calm), POLICY).patch()).isEqualTo(calm.patch());
    store.install(signed(calm, SIGNER), ANN);
    assertThat(signatureFiles()).hasSize(1);
  }

  /** The same where as many keys have signed as are looked at: one bundle is too many. */
  @Test
  void anInstallThatWasCutShortLeavesAPatchOfTheMostKeysVerifiable() throws IOException {
    Signer[] others = new Signer[VerifiedPatch.MAX_BUNDLES - 1];
    for (int i = 0; i < others.length; i++) {
      others[i] = Signer.generate(Curve.P256);
    }
    store.install(signed(calm, others), ANN);
    byte[] bundle = SIGNER.sign(calm.files());
    Files.write(signatures().resolve(Digest.of(bundle) + ".sig"), bundle);
    assertThat(signatureFiles()).hasSize(VerifiedPatch.MAX_BUNDLES + 1);

    assertThat(store.verify(digest(calm), POLICY).patch()).isEqualTo(calm.patch());
    for (Signer signer : others) {
      TrustPolicy policy = TrustPolicy.of(signer.verificationKey());
      assertThat(store.verify(digest(calm), policy).patch()).isEqualTo(calm.patch());
    }
  }
}
