package io.patchkit.train;

import io.patchkit.Prompt;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A prompt and the answer that is to be learned, as text.
 *
 * @param prompt a text or a chat
 * @param answer to it
 */
public record Demonstration(Prompt prompt, Answer answer) {

  public Demonstration {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(answer, "answer");
  }

  /**
   * Reads a JSONL file of TRL's forms: {@code prompt} and {@code completion}, both texts or both
   * lists of messages, or {@code messages}, of which the last one, the assistant's, is the answer;
   * for chats {@code chat_template_kwargs} and {@code tools} too. Other columns are ignored. A
   * prompt that ends with a message of the assistant's is one to continue. Lazy; close the stream.
   *
   * @throws io.patchkit.PatchkitException if the file cannot be read or a line is no demonstration
   */
  public static Stream<Demonstration> read(Path file) {
    return JsonLines.read(file, TrlJson::demonstration);
  }
}
