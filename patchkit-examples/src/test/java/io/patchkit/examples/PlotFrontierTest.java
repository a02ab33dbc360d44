package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlotFrontierTest {

  @TempDir Path folder;

  /** Persian has digits of its own, which SVG does not know. */
  @Test
  void drawsTheSameBytesInEveryLocale() throws IOException {
    String plot = plot();
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("fa"));
    try {
      assertThat(plot()).isEqualTo(plot).contains("viewBox=\"0 0 1000 466\"");
    } finally {
      Locale.setDefault(before);
    }
  }

  private String plot() throws IOException {
    Path counts = folder.resolve("counts.jsonl");
    Files.writeString(
        counts,
        "{\"state\": \"one\", \"harmful\": {\"refused\": 142, \"of\": 160},"
            + " \"benign\": {\"refused\": 55, \"of\": 320}}\n");
    Path out = folder.resolve("frontier.svg");
    PlotFrontier.main("--counts", counts.toString(), "--out", out.toString());
    return Files.readString(out);
  }
}
