package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.trust.UntrustedPatchException.Code;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories of any content; {@code ModelSigningInteropTest} holds them against the peer. */
class SignedDirectoryTest {

  @TempDir Path folder;
  private Path directory;

  @BeforeEach
  void write() throws Exception {
    directory = Files.createDirectory(folder.resolve("model"));
    for (String name : List.of("a/b/c", "a/z", "a-b", "B", "\u00e9", ".hidden")) {
      Files.createDirectories(directory.resolve(name).getParent());
      Files.writeString(directory.resolve(name), name);
    }
    Files.createFile(directory.resolve("empty"));
  }

  private Path sign(Path bundle) throws Exception {
    return Files.write(bundle, Lab.ALICE.signDirectory(directory));
  }

  private SignedDirectory verify(Path bundle) {
    return SignedDirectory.verify(directory, bundle, Lab.ALICE.verificationKey());
  }

  @Test
  void acceptsWhatItSignedWithTheBundleBesideItOrInIt() throws Exception {
    SignedDirectory signed = verify(sign(folder.resolve("model.sig")));
    assertThat(signed.subject()).isEqualTo("model");
    assertThat(signed.digests().keySet())
        .containsExactly(".hidden", "B", "a/b/c", "a/z", "a-b", "empty", "\u00e9");
    assertThat(signed.digests())
        .containsEntry("empty", Sha256.hex(new byte[0]))
        .containsEntry("a/z", Sha256.hex("a/z".getBytes(StandardCharsets.UTF_8)));
    assertThat(verify(sign(directory.resolve("a/model.sig"))).digests())
        .isEqualTo(signed.digests());
    // Only the bundle itself is passed over.
    assertRefused(Code.EXTRA_FILE, () -> verify(folder.resolve("model.sig")));
  }

  @Test
  void refusesWhatWasAddedTakenAwayOrChanged() throws Exception {
    Path bundle = sign(folder.resolve("model.sig"));
    Path git = Files.createDirectory(directory.resolve(".git"));
    assertRefused(Code.EXTRA_FILE, () -> verify(bundle));
    Files.writeString(git.resolve("evil"), "x");
    assertRefused(Code.EXTRA_FILE, () -> verify(bundle));
    Files.delete(git.resolve("evil"));
    Files.delete(git);
    Files.writeString(directory.resolve("a/z"), "y");
    assertRefused(Code.DIGEST_MISMATCH, () -> verify(bundle));
    Files.delete(directory.resolve("a/z"));
    assertRefused(Code.MISSING_FILE, () -> verify(bundle));
    Files.createLink(directory.resolve("a/z"), directory.resolve("B"));
    assertRefused(Code.HARD_LINK, () -> verify(bundle));
  }

  @Test
  void signsNothingThatIsAnotherFileElsewhere() throws Exception {
    Files.writeString(directory.resolve("b"), "b");
    assertRefused(Code.UNSAFE_NAME, () -> Lab.ALICE.signDirectory(directory));
  }

  @Test
  void goesDownThirtyTwoLevels() throws Exception {
    Path deep = Files.createDirectories(directory.resolve("d/".repeat(32)));
    Files.writeString(deep.resolve("x"), "x");
    assertThat(verify(sign(folder.resolve("model.sig"))).digests()).hasSize(8);
    Files.createDirectory(deep.resolve("d"));
    Files.writeString(deep.resolve("d/x"), "x");
    assertRefused(Code.TOO_LARGE, () -> Lab.ALICE.signDirectory(directory));
  }

  private static void assertRefused(Code code, ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(UntrustedPatchException.class)
        .extracting("code")
        .isEqualTo(code);
  }
}
