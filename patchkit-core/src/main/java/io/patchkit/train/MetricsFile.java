package io.patchkit.train;

import io.patchkit.PatchkitException;
import io.patchkit.format.AtomicFiles;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The numbers of a training as JSONL, one line a step, judgement, warning or failure, as they come.
 * Lines have an {@code event} of {@code step}, {@code validation}, {@code warning} or {@code
 * failure}; the {@code step} of a failure is the one that was not made.
 */
final class MetricsFile {

  private final Path file;

  MetricsFile(Path file) {
    this.file = file;
  }

  /**
   * Drops all lines of a step and after, which are to come anew, and whatever a crash left half
   * written.
   *
   * @return the lines that stay
   */
  List<JsonObject> truncate(int firstStep) {
    List<JsonObject> kept = new ArrayList<>();
    try {
      if (Files.exists(file)) {
        try (Stream<JsonObject> lines = JsonLines.read(file, line -> line)) {
          lines
              .filter(line -> line.integer("step", 0, Integer.MAX_VALUE) < firstStep)
              .forEach(kept::add);
        }
      }
      StringBuilder text = new StringBuilder();
      kept.forEach(line -> text.append(line).append('\n'));
      byte[] content = text.toString().getBytes(StandardCharsets.UTF_8);
      Uninterrupted.run(() -> AtomicFiles.writeFile(file, content));
    } catch (IOException e) {
      throw failed(e);
    }
    return kept;
  }

  JsonObject append(TrainingProgress progress) {
    return append(
        JsonObject.builder()
            .put("event", "step")
            .put("step", progress.step())
            .put("loss", progress.loss())
            .put("terms", terms(progress.terms()))
            .put("gradient_norm", progress.gradientNorm())
            .put("learning_rate", progress.learningRate())
            .put("tokens", progress.tokens())
            .put("tokens_per_second", progress.tokensPerSecond())
            .put("elapsed_seconds", progress.elapsed().toMillis() / 1e3)
            .put("remaining_seconds", progress.remaining().toMillis() / 1e3)
            .build());
  }

  JsonObject append(ValidationResult result) {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("event", "validation")
            .put("step", result.step())
            .put("terms", terms(result.heldOut()));
    if (result.loss() != null) {
      json.put("loss", result.loss());
    }
    if (result.score() != null) {
      json.put("score", result.score());
    }
    return append(json.put("best", result.isBest()).build());
  }

  JsonObject append(TrainingWarning warning) {
    return append(
        JsonObject.builder()
            .put("event", "warning")
            .put("step", warning.step())
            .put("kind", warning.kind().name())
            .put("message", warning.message())
            .build());
  }

  void appendFailure(int step, String outcome) {
    append(
        JsonObject.builder()
            .put("event", "failure")
            .put("step", step)
            .put("outcome", outcome)
            .build());
  }

  private JsonObject append(JsonObject line) {
    try {
      JsonLines.append(file, line);
    } catch (IOException e) {
      throw failed(e);
    }
    return line;
  }

  private static JsonArray terms(List<TermProgress> terms) {
    List<JsonObject> json = new ArrayList<>();
    for (TermProgress term : terms) {
      JsonObject.Builder object =
          JsonObject.builder().put("name", term.name()).put("loss", term.loss());
      if (term.kl() != null) {
        object.put("kl", term.kl());
      }
      PreferenceProgress preference = term.preference();
      if (preference != null) {
        object
            .put("reward_chosen", preference.rewardChosen())
            .put("reward_rejected", preference.rewardRejected())
            .put("margin", preference.margin())
            .put("accuracy", preference.accuracy());
      }
      json.add(object.build());
    }
    return JsonArray.of(json);
  }

  private PatchkitException failed(IOException e) {
    return new PatchkitException("cannot write the metrics " + file + ": " + e.getMessage(), e);
  }
}
