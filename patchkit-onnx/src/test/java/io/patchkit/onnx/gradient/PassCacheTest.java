package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.CorruptModelException;
import io.patchkit.onnx.graph.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PassCacheTest {

  private static final ModelFile LLAMA =
      ModelFile.read(Path.of("src/test/resources/cases/llama-gqa/model.onnx"));
  private static final ModelFile GPT2 =
      ModelFile.read(Path.of("src/test/resources/cases/gpt2/model.onnx"));

  @TempDir Path folder;

  @Test
  void keepsWhatWasBuilt() {
    Pass built = Pass.gradient(LLAMA, PrefixKind.KEY_VALUE);
    PassCache cache = PassCache.of(LLAMA, folder.resolve("new/folder"));

    cache.put(PrefixKind.KEY_VALUE, built);
    Pass found = cache.find(PrefixKind.KEY_VALUE);

    assertThat(found.model()).isEqualTo(built.model());
    assertThat(found.inputs()).isEqualTo(built.inputs());
    assertThat(found.outputs()).isEqualTo(built.outputs());
    assertThat(cache.find(PrefixKind.SOFT_PROMPT)).isNull();
    assertThat(PassCache.of(GPT2, folder.resolve("new/folder")).find(PrefixKind.KEY_VALUE))
        .isNull();
  }

  @Test
  void openingTwiceBuildsOnce() throws IOException {
    GradientOptions options = GradientOptions.defaults().withThreads(1).withCache(folder);
    GradientSession.open(LLAMA, PrefixKind.SOFT_PROMPT, options).close();
    List<Path> files = files();
    assertThat(files).hasSize(1);
    Object written = Files.getLastModifiedTime(files.get(0));

    GradientSession.open(LLAMA, PrefixKind.SOFT_PROMPT, options).close();

    assertThat(files()).isEqualTo(files);
    assertThat(Files.getLastModifiedTime(files.get(0))).isEqualTo(written);
  }

  @Test
  void damagedFileCountsAsAbsent() throws IOException {
    PassCache cache = PassCache.of(GPT2, folder);
    cache.put(PrefixKind.SOFT_PROMPT, Pass.gradient(GPT2, PrefixKind.SOFT_PROMPT));
    Path file = files().get(0);
    byte[] whole = Files.readAllBytes(file);
    for (int length : new int[] {0, 31, 32, whole.length - 1}) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThat(cache.find(PrefixKind.SOFT_PROMPT)).as("%d bytes", length).isNull();
    }
    byte[] changed = whole.clone();
    changed[whole.length / 2] ^= 1;
    Files.write(file, changed);
    assertThat(cache.find(PrefixKind.SOFT_PROMPT)).isNull();
    assertThatThrownBy(() -> PassCodec.decode(changed, folder))
        .isInstanceOf(CorruptModelException.class);
  }

  @Test
  void folderThatCannotBeWrittenIsNoFailure() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    PassCache cache = PassCache.of(GPT2, file);

    cache.put(PrefixKind.SOFT_PROMPT, Pass.gradient(GPT2, PrefixKind.SOFT_PROMPT));

    assertThat(cache.find(PrefixKind.SOFT_PROMPT)).isNull();
  }

  /** A graph that was kept is used unchecked: a change of what is built must change its name. */
  @ParameterizedTest
  @CsvSource({
    "llama-gqa, KEY_VALUE, 6cc372fa8805858c7d88ec9f25f1c704b57c5d1dfa1f1f584d6979e81d403193",
    "gpt2, SOFT_PROMPT, a985461ca96c46a61ad0a62bc0ea98bf7853dcafdcd1088c36a72d57a554b980",
  })
  void whatIsBuiltIsWhatItsFormatSays(String name, PrefixKind kind, String digest) {
    Path model = Path.of("src/test/resources/cases", name, "model.onnx");
    byte[] encoded = PassCodec.encode(Pass.gradient(ModelFile.read(model), kind));

    assertThat(HexFormat.of().formatHex(encoded, 0, 32))
        .as("what is built has changed: raise PassCache.FORMAT and put the new digest here")
        .isEqualTo(digest);
  }

  @Test
  void nothingIsKeptUnlessAskedFor() {
    PassCache cache = PassCache.of(GPT2, GradientOptions.defaults().cache());
    cache.put(PrefixKind.SOFT_PROMPT, Pass.gradient(GPT2, PrefixKind.SOFT_PROMPT));

    assertThat(cache.find(PrefixKind.SOFT_PROMPT)).isNull();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
