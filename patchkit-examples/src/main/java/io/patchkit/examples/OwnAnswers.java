package io.patchkit.examples;

import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.format.AtomicFiles;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import io.patchkit.train.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What the base model itself answers, greedily and cut short: the decision between answering and
 * refusing falls in the first tokens. Answers are kept in a folder, so that an interrupted training
 * does not ask again.
 */
final class OwnAnswers {

  private static final GenerationOptions OPTIONS =
      GenerationOptions.defaults().withMaxNewTokens(24);

  private final LanguageModel model;
  private final Path folder;

  private OwnAnswers(LanguageModel model, Path folder) {
    this.model = model;
    this.folder = folder;
  }

  static OwnAnswers of(LanguageModel model, Path folder) throws IOException {
    Files.createDirectories(folder);
    return new OwnAnswers(model, folder);
  }

  Answer answer(RefusalData.Request request) throws IOException {
    Path file = folder.resolve(sha256(model.fingerprint() + request.text()) + ".json");
    if (Files.exists(file)) {
      JsonObject stored = StrictJson.loadObject(file, JsonLimits.defaults());
      return new Answer(stored.string("text"), stored.bool("complete"));
    }
    Generation generation = model.generate(request.prompt(), OPTIONS);
    Answer answer = Answer.of(generation);
    AtomicFiles.writeFile(
        file,
        StrictJson.write(
            JsonObject.builder()
                .put("text", answer.text())
                .put("complete", answer.complete())
                .build()));
    return answer;
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
