package io.patchkit.trust;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whatever the bytes: what was signed, or the documented refusal; never a patch that is not the
 * signed one. docs/trust.md tells how a campaign is run.
 */
class TrustFuzzTest {

  private static final Path RESOURCES = Path.of("src/test/resources/io/patchkit/trust");
  private static final PatchFiles FILES = PatchFiles.read(RESOURCES.resolve("refuse-harm"));
  private static final VerificationKey KEY = VerificationKey.load(RESOURCES.resolve("P256.pub"));
  private static final TrustPolicy POLICY = TrustPolicy.of(KEY);
  private static final byte[] STATEMENT =
      SignatureBundle.parse(
              SignatureBundle.load(RESOURCES.resolve("P256.sig"), VerifiedPatch.MAX_BUNDLE_BYTES),
              VerifiedPatch.MAX_BUNDLE_BYTES)
          .payload(KEY);

  @FuzzTest
  void bundle(byte[] bytes) {
    try {
      VerifiedPatch verified =
          VerifiedPatch.verify(FILES, List.of(bytes), POLICY, SamplePatch.CLOCK);
      // Only white space and the like can differ from the bundle that was signed.
      assertThat(verified.identity()).isEqualTo(FILES.identity());
      assertThat(SignatureBundle.parse(bytes, bytes.length).payload(KEY)).isEqualTo(STATEMENT);
    } catch (UntrustedPatchException e) {
      assertThat(e.code()).isNotNull();
    }
  }

  @FuzzTest
  void statement(byte[] text) {
    try {
      Statement statement = Statement.parse(text, Set.of());
      assertThat(Statement.parse(statement.toBytes(), Set.of())).isEqualTo(statement);
    } catch (UntrustedPatchException e) {
      assertThat(e.code()).isNotNull();
    }
  }

  /**
   * A trusted key signs a patch of which one file has other bytes.
   *
   * @param bytes which file, in the first of them, and its content
   */
  @FuzzTest
  void signedFiles(byte[] bytes) {
    if (bytes.length == 0) {
      return;
    }
    Map<String, byte[]> contents = new TreeMap<>(FILES.contents());
    List<String> names = List.copyOf(contents.keySet());
    contents.put(
        names.get((bytes[0] & 0xff) % names.size()), Arrays.copyOfRange(bytes, 1, bytes.length));
    try {
      PatchFiles files = PatchFiles.of(contents);
      byte[] bundle = SignatureBundle.sign(Statement.of("x", files.digests()).toBytes(), Lab.ALICE);
      TrustPolicy policy = TrustPolicy.of(Lab.ALICE.verificationKey());
      VerifiedPatch.verify(files, List.of(bundle), policy, SamplePatch.CLOCK);
    } catch (UntrustedPatchException e) {
      assertThat(e.code()).isNotNull();
    }
  }

  @FuzzTest
  void publicKey(byte[] pem) {
    try {
      VerificationKey key = VerificationKey.parse(new String(pem, ISO_8859_1));
      assertThat(VerificationKey.parse(key.toPem())).isEqualTo(key);
    } catch (UnusableKeyException e) {
      assertThat(e.reason()).isNotNull();
    }
  }

  @FuzzTest
  void privateKey(byte[] pem) {
    try {
      Signer signer = Signer.parse(new String(pem, ISO_8859_1));
      assertThat(Signer.parse(signer.toPem()).verificationKey())
          .isEqualTo(signer.verificationKey());
    } catch (UnusableKeyException e) {
      assertThat(e.reason()).isNotNull();
    }
  }

  /** The DER of a key without the PEM around it, which a fuzzer does not often get right. */
  @FuzzTest
  void derKeys(byte[] der) {
    publicKey(Pem.write(Pem.PUBLIC_KEY, der).getBytes(ISO_8859_1));
    privateKey(Pem.write(Pem.PRIVATE_KEY, der).getBytes(ISO_8859_1));
  }

  /** Every form of a signature but the one is refused, so that no two texts verify. */
  @FuzzTest
  void signature(byte[] der) {
    for (Curve curve : Curve.values()) {
      if (EcdsaSignature.isWellFormed(der, curve)) {
        assertThat(der[0]).isEqualTo((byte) 0x30);
        int content = der.length - (der.length < 0x82 ? 2 : 3);
        assertThat(der[der.length - content - 1] & 0xff).isEqualTo(content);
      }
    }
    KEY.verifies(STATEMENT, der);
  }
}
