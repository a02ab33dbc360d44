package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.trust.UntrustedPatchException.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PatchFilesTest {

  private static final int MOST = 256 << 10;

  @Test
  void holdsFilesFromMemoryAgainstTheRulesForDirectories() {
    assertRefused(Code.MISSING_FILE, () -> PatchFiles.of(Map.of()));
    assertRefused(Code.EXTRA_FILE, () -> PatchFiles.of(Map.of("readme.txt", new byte[1])));
    assertRefused(Code.HIDDEN_FILE, () -> PatchFiles.of(Map.of(".git", new byte[1])));
    assertRefused(Code.UNSAFE_NAME, () -> PatchFiles.of(Map.of("../patch.json", new byte[1])));
    assertRefused(Code.TOO_LARGE, () -> PatchFiles.of(Map.of("patch.json", new byte[MOST + 1])));
    assertThat(PatchFiles.of(Map.of("patch.json", new byte[MOST])).content("patch.json"))
        .hasSize(MOST);
  }

  @Test
  void readsFilesThatAreAsLargeAsTheyMayBe(@TempDir Path folder) throws Exception {
    Files.write(folder.resolve("patch.json"), new byte[MOST]);
    assertThat(PatchFiles.read(folder).content("patch.json")).hasSize(MOST);
    Files.write(folder.resolve("patch.json"), new byte[MOST + 1]);
    assertRefused(Code.TOO_LARGE, () -> PatchFiles.read(folder));
  }

  /** What was hashed is what is handed on, whoever holds the arrays. */
  @Test
  void sharesItsBytesWithNobody() {
    byte[] given = {'{', '}'};
    PatchFiles files = PatchFiles.of(Map.of("patch.json", given));
    String identity = files.identity();
    given[0] = 'x';
    files.content("patch.json")[0] = 'x';
    files.contents().get("patch.json")[0] = 'x';
    assertThat(files.content("patch.json")).isEqualTo(new byte[] {'{', '}'});
    assertThat(files.identity()).isEqualTo(identity).isEqualTo(files.digests().get("patch.json"));
    assertThatThrownBy(() -> files.digests().clear())
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> files.content("other")).isInstanceOf(IllegalArgumentException.class);
  }

  private static void assertRefused(Code code, ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(UntrustedPatchException.class)
        .extracting("code")
        .isEqualTo(code);
  }
}
