package io.patchkit.examples;

import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
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
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What the base model itself answers, greedily and cut short: the decision between answering and
 * refusing falls in the first tokens. Answers are kept in a folder, so that an interrupted training
 * does not ask again.
 */
final class OwnAnswers {

  /** Asked together, then kept: what an interruption can lose. */
  private static final int AT_ONCE = 64;

  private final LanguageModel model;
  private final GenerationOptions options;
  private final Path folder;

  private OwnAnswers(LanguageModel model, GenerationOptions options, Path folder) {
    this.model = model;
    this.options = options;
    this.folder = folder;
  }

  /** Answers of at most so many tokens, kept in a folder of their own under this one. */
  static OwnAnswers of(LanguageModel model, int maxNewTokens, Path parent) throws IOException {
    return new OwnAnswers(
        model,
        GenerationOptions.defaults().withMaxNewTokens(maxNewTokens),
        Files.createDirectories(parent.resolve(Integer.toString(maxNewTokens))));
  }

  /** The answers to requests, in their order; those that are not kept yet are asked for. */
  List<Answer> answers(List<RefusalData.Request> requests) throws IOException {
    List<RefusalData.Request> missing = new ArrayList<>();
    for (RefusalData.Request request : requests) {
      if (!Files.exists(file(request))) {
        missing.add(request);
      }
    }
    for (int from = 0; from < missing.size(); from += AT_ONCE) {
      ask(missing.subList(from, Math.min(from + AT_ONCE, missing.size())));
    }
    List<Answer> answers = new ArrayList<>();
    for (RefusalData.Request request : requests) {
      JsonObject stored = StrictJson.loadObject(file(request), JsonLimits.defaults());
      answers.add(new Answer(stored.string("text"), stored.bool("complete")));
    }
    return answers;
  }

  private void ask(List<RefusalData.Request> requests) throws IOException {
    List<GenerationRequest> rows = new ArrayList<>();
    for (RefusalData.Request request : requests) {
      rows.add(GenerationRequest.of(request.prompt(), options));
    }
    List<Generation> generations = model.generateAll(rows);
    for (int i = 0; i < rows.size(); i++) {
      Answer answer = Answer.of(generations.get(i));
      AtomicFiles.writeFile(
          file(requests.get(i)),
          StrictJson.write(
              JsonObject.builder()
                  .put("text", answer.text())
                  .put("complete", answer.complete())
                  .build()));
    }
  }

  private Path file(RefusalData.Request request) {
    return folder.resolve(sha256(model.fingerprint() + request.text()) + ".json");
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
