package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.PatchkitException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationDataTest {

  @TempDir Path folder;

  private EvaluationData read(String... lines) throws IOException {
    return EvaluationData.read(Files.write(folder.resolve("rows.jsonl"), List.of(lines)));
  }

  /** Public sets number their rows, and say in fields of these names what is no kind. */
  @Test
  void readsRowsThatAreNumberedAndFieldsThatAreNoKind() throws IOException {
    EvaluationData data =
        read(
            "{\"id\": 17, \"kind\": 3}",
            "{\"id\": \"a\", \"kind\": null, \"topic\": [\"x\"], \"source\": \"forum\"}",
            "",
            "{\"text\": \"t\", \"source\": {\"url\": \"u\"}}");
    assertThat(data.items()).extracting(Item::id).containsExactly("17", "a", "4");
    assertThat(data.items()).extracting(Item::kind).containsExactly("3", "forum", "");
    assertThatThrownBy(() -> read("{\"id\": true}"))
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("line 1");
    assertThatThrownBy(() -> read("{\"id\": 1}", "{\"id\": \"1\"}"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
