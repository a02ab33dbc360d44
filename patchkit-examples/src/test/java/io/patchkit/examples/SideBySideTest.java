package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SideBySideTest {

  @Test
  void wrapsAtWordsAndCutsWhatIsTooLong() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    SideBySide table = new SideBySide(new PrintStream(bytes, true, StandardCharsets.UTF_8), 23);
    table.print("one two three", "abcdefghijklm\nx");
    assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
        .containsExactly("one two    | abcdefghij", "three      | klm", "           | x");
  }
}
