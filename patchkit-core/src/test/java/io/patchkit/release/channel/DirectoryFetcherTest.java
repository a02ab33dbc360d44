package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DirectoryFetcherTest {

  @TempDir Path folder;

  @Test
  void readsAFileOrWhatALinkLeadsTo() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[] {1, 2});
    Files.createSymbolicLink(folder.resolve("link"), file);
    MetadataFetcher fetcher = MetadataFetcher.directory(folder);
    assertThat(fetcher.fetch("file", 2)).containsExactly(1, 2);
    assertThat(fetcher.fetch("link", 2)).containsExactly(1, 2);
    assertThat(fetcher.fetch("absent", 2)).isNull();
  }

  @Test
  void doesNotWaitForAPipe() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    Files.createSymbolicLink(folder.resolve("link"), pipe);
    MetadataFetcher fetcher = MetadataFetcher.directory(folder);
    for (String name : new String[] {"pipe", "link"}) {
      assertThatThrownBy(() -> fetcher.fetch(name, 2))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("expected a file, found");
    }
  }
}
