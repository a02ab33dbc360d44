package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.format.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UninterruptedTest {

  @TempDir private Path folder;

  @Test
  void aWriteThatAnInterruptBreaksOffIsMadeAgain() throws IOException {
    Path file = folder.resolve("state");
    AtomicInteger attempts = new AtomicInteger();
    Uninterrupted.run(
        () -> {
          if (attempts.incrementAndGet() == 1) {
            Thread.currentThread().interrupt();
          }
          AtomicFiles.writeFile(file, new byte[] {1, 2, 3});
        });
    assertThat(Thread.interrupted()).isTrue();
    assertThat(attempts).hasValue(2);
    assertThat(file).hasBinaryContent(new byte[] {1, 2, 3});
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void anyOtherFailureIsOne() {
    Path nowhere = folder.resolve("nowhere").resolve("state");
    assertThatThrownBy(() -> Uninterrupted.run(() -> AtomicFiles.writeFile(nowhere, new byte[1])))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(Thread.interrupted()).isFalse();
  }
}
