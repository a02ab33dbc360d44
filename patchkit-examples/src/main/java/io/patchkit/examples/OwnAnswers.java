package io.patchkit.examples;

import io.patchkit.ChatMessage;
import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
import io.patchkit.LanguageModel;
import io.patchkit.Prompt;
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
import java.util.function.BiConsumer;

/**
 * What the base model itself answers, cut short. Answers are kept in a folder, so that an
 * interrupted training does not ask again.
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

  /** Greedy answers of at most so many tokens, kept in a folder of their own under this one. */
  static OwnAnswers of(LanguageModel model, int maxNewTokens, Path parent) throws IOException {
    return of(
        model,
        GenerationOptions.defaults().withMaxNewTokens(maxNewTokens),
        parent.resolve(Integer.toString(maxNewTokens)));
  }

  /**
   * Answers under some options.
   *
   * @param folder of these options' answers alone
   */
  static OwnAnswers of(LanguageModel model, GenerationOptions options, Path folder)
      throws IOException {
    return new OwnAnswers(model, options, Files.createDirectories(folder));
  }

  /**
   * The answers to prompts, in their order; those that are not kept yet are asked for.
   *
   * @throws IllegalStateException if the thread is interrupted, so that no answer that was cut
   *     short is kept
   */
  List<Answer> answers(List<Prompt> prompts) throws IOException {
    return answers(prompts, (done, total) -> {});
  }

  /**
   * The same.
   *
   * @param progress told how many of those that were asked for are there
   */
  List<Answer> answers(List<Prompt> prompts, BiConsumer<Integer, Integer> progress)
      throws IOException {
    List<Prompt> missing = new ArrayList<>();
    for (Prompt prompt : prompts) {
      if (!Files.exists(file(prompt))) {
        missing.add(prompt);
      }
    }
    for (int from = 0; from < missing.size(); from += AT_ONCE) {
      int to = Math.min(from + AT_ONCE, missing.size());
      ask(missing.subList(from, to));
      progress.accept(to, missing.size());
    }
    List<Answer> answers = new ArrayList<>();
    for (Prompt prompt : prompts) {
      JsonObject stored = StrictJson.loadObject(file(prompt), JsonLimits.defaults());
      answers.add(new Answer(stored.string("text"), stored.bool("complete")));
    }
    return answers;
  }

  private void ask(List<Prompt> prompts) throws IOException {
    List<GenerationRequest> rows = new ArrayList<>();
    for (Prompt prompt : prompts) {
      rows.add(GenerationRequest.of(prompt, options));
    }
    List<Generation> generations = model.generateAll(rows);
    for (int i = 0; i < rows.size(); i++) {
      if (generations.get(i).finishReason() == FinishReason.CANCELLED) {
        throw new IllegalStateException(
            "an answer was cancelled; those before it are kept, so start again to go on");
      }
      Answer answer = Answer.of(generations.get(i));
      AtomicFiles.writeFile(
          file(prompts.get(i)),
          StrictJson.write(
              JsonObject.builder()
                  .put("text", answer.text())
                  .put("complete", answer.complete())
                  .build()));
    }
  }

  private Path file(Prompt prompt) {
    return folder.resolve(sha256(model.fingerprint() + key(prompt)) + ".json");
  }

  /** Tells prompts apart, of whatever kind; lengths keep one message from posing as two. */
  private static String key(Prompt prompt) {
    if (prompt instanceof Prompt.Chat chat) {
      if (!chat.variables().isEmpty() || chat.isContinuing()) {
        throw new IllegalArgumentException(
            "the chat has variables or a beginning of the answer, by which answers are not kept;"
                + " allowed: a chat of messages alone");
      }
      StringBuilder key = new StringBuilder("chat");
      for (ChatMessage message : chat.messages()) {
        key.append(message.role().length()).append(':').append(message.role());
        key.append(message.content().length()).append(':').append(message.content());
      }
      return key.toString();
    }
    return "text" + ((Prompt.Text) prompt).text();
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
