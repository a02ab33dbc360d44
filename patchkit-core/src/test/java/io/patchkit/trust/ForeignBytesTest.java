package io.patchkit.trust;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.Mutants;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Whatever the bytes: the documented exception or a value, and never the acceptance of a patch that
 * is not the signed one.
 */
class ForeignBytesTest {

  private static final Path RESOURCES = Path.of("src/test/resources/io/patchkit/trust");
  private static final PatchFiles FILES = PatchFiles.read(RESOURCES.resolve("refuse-harm"));
  private static final VerificationKey KEY = VerificationKey.load(RESOURCES.resolve("P256.pub"));
  private static final TrustPolicy POLICY = TrustPolicy.of(KEY);
  private static final byte[] BUNDLE = read("P256.sig");
  private static final byte[] STATEMENT =
      SignatureBundle.parse(BUNDLE, VerifiedPatch.MAX_BUNDLE_BYTES).payload(KEY);

  private static final byte[] SIGNATURE = Lab.ALICE.signature(new byte[] {1});

  @Property(tries = 2000)
  void bundles(@ForAll long seed) {
    byte[] mutant = Mutants.of(BUNDLE, seed);
    try {
      VerifiedPatch verified =
          VerifiedPatch.verify(FILES, List.of(mutant), POLICY, SamplePatch.CLOCK);
      // Only white space and the like can have changed.
      assertThat(verified.identity()).isEqualTo(FILES.identity());
      assertThat(SignatureBundle.parse(mutant, mutant.length).payload(KEY)).isEqualTo(STATEMENT);
    } catch (UntrustedPatchException e) {
      assertThat(e.code()).isNotNull();
    }
  }

  @Property(tries = 3000)
  void statements(@ForAll long seed) {
    byte[] mutant = Mutants.of(STATEMENT, seed);
    try {
      Statement statement = Statement.parse(mutant, Set.of());
      // What is accepted reads the same in the form that we write.
      assertThat(Statement.parse(statement.toBytes(), Set.of())).isEqualTo(statement);
    } catch (UntrustedPatchException e) {
      assertThat(e.code()).isNotNull();
    }
  }

  /** A trusted key signs whatever it is given; what then is parsed is a patch or refused. */
  @Property(tries = 300)
  void signedFiles(@ForAll long seed) {
    Map<String, byte[]> contents = new TreeMap<>(FILES.contents());
    String name = List.copyOf(contents.keySet()).get((int) Math.floorMod(seed, 3L));
    byte[] original = contents.get(name);
    byte[] mutant = Mutants.of(original, seed);
    contents.put(name, mutant);
    PatchFiles files = PatchFiles.of(contents);
    byte[] bundle = SignatureBundle.sign(Statement.of("x", files.digests()).toBytes(), Lab.ALICE);
    try {
      VerifiedPatch.verify(
          files, List.of(bundle), TrustPolicy.of(Lab.ALICE.verificationKey()), SamplePatch.CLOCK);
      // A mutation may write what was there.
      assertThat(name.equals("patch.json") || Arrays.equals(mutant, original)).isTrue();
    } catch (UntrustedPatchException e) {
      assertThat(e.code()).isNotNull();
    }
  }

  @Property(tries = 2000)
  void keys(@ForAll long seed) {
    String mutant = new String(Mutants.of(KEY.toPem().getBytes(UTF_8), seed), ISO_8859_1);
    try {
      VerificationKey key = VerificationKey.parse(mutant);
      assertThat(VerificationKey.parse(key.toPem())).isEqualTo(key);
    } catch (UnusableKeyException e) {
      assertThat(e.reason()).isNotNull();
    }
  }

  @Property(tries = 1000)
  void privateKeys(@ForAll long seed) {
    String mutant = new String(Mutants.of(Lab.ALICE.toPem().getBytes(UTF_8), seed), ISO_8859_1);
    try {
      assertThat(Signer.parse(mutant).verificationKey()).isNotNull();
    } catch (UnusableKeyException e) {
      assertThat(e.reason()).isNotNull();
    }
  }

  /** No form of a signature but the one is well-formed: what parses writes back the same bytes. */
  @Property(tries = 3000)
  void signatures(@ForAll long seed) {
    byte[] mutant = Mutants.of(SIGNATURE, seed);
    if (EcdsaSignature.isWellFormed(mutant, Curve.P256)) {
      assertThat(mutant[0]).isEqualTo((byte) 0x30);
      assertThat(mutant[1] & 0xff).isEqualTo(mutant.length - 2);
    }
  }

  private static byte[] read(String name) {
    try {
      return Files.readAllBytes(RESOURCES.resolve(name));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
