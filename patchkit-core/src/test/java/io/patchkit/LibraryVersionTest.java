package io.patchkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LibraryVersionTest {

  @Test
  void isThatOfTheBuild() {
    assertThat(LibraryVersion.current()).matches("\\d+\\.\\d+\\.\\d+(-\\w+)?");
  }
}
