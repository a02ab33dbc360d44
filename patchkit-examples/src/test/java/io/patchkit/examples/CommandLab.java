package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.PatchManifest;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** Runs commands of {@link Patch} in a folder, and keeps what the last one printed. */
final class CommandLab {

  private final Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  CommandLab(Path folder) {
    this.folder = folder;
  }

  /**
   * Runs a command and gives its exit status.
   *
   * @param command words between blanks; {@code @} stands for the folder
   */
  int run(String command) {
    out.reset();
    err.reset();
    String[] words = command.replace("@", folder + "/").split(" ");
    return Patch.execute(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        words);
  }

  /** What a command prints that has to succeed. */
  JsonObject json(String command) {
    int status = run(command + " --json");
    assertThat(status).as(out() + err()).isZero();
    return json();
  }

  /** What the last command printed, as JSON. */
  JsonObject json() {
    return StrictJson.parseObject(out.toByteArray(), JsonLimits.defaults());
  }

  /** Expects a command to fail with this status and this reason. */
  void assertRefused(int status, String reason, String command) {
    assertThat(run(command)).as(out() + err()).isEqualTo(status);
    assertThat(err()).startsWith(reason + ": ");
  }

  String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  /** Saves a small patch in the directory {@code NAME-VERSION}. */
  void save(String name, String version) {
    float[] rows = new float[4 * 8];
    rows[0] = version.hashCode() % 1000;
    io.patchkit.Patch.of(
            PatchManifest.of(
                name,
                SemanticVersion.parse(version),
                new BaseModel("tiny", List.of(), null, 8, 2, 2, 4),
                Instant.parse("2026-06-01T12:00:00Z")),
            SoftPrompt.of(8, EmbeddingSpace.TOKEN_TABLE, rows))
        .save(folder.resolve(name + "-" + version));
  }
}
