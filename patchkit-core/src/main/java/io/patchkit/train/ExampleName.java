package io.patchkit.train;

import io.patchkit.ChatMessage;
import io.patchkit.ContextOverflowException;
import io.patchkit.Prompt;
import java.util.List;
import java.util.function.Supplier;

/** Names an example of the data by its prompt in what is said against it. */
final class ExampleName {

  private static final int LONGEST = 60;

  private ExampleName() {}

  /**
   * What is made of an example.
   *
   * @throws IllegalArgumentException if that throws one; the message names the example
   * @throws ContextOverflowException if that throws one; the message names the example
   */
  static <T> T naming(Prompt prompt, Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(of(prompt) + ": " + e.getMessage(), e);
    } catch (ContextOverflowException e) {
      throw new ContextOverflowException(of(prompt) + ": " + e.getMessage(), e);
    }
  }

  private static String of(Prompt prompt) {
    String text = text(prompt).strip();
    int end = Math.min(LONGEST, text.length());
    return "the example '"
        + text.substring(0, end).replaceAll("\\s+", " ")
        + (end < text.length() ? "…" : "")
        + "'";
  }

  /** Of a chat its last message, for many begin alike. */
  private static String text(Prompt prompt) {
    if (prompt instanceof Prompt.Chat chat) {
      List<ChatMessage> messages = chat.messages();
      return messages.get(messages.size() - 1).content();
    }
    return prompt instanceof Prompt.Text text ? text.text() : prompt.toString();
  }
}
