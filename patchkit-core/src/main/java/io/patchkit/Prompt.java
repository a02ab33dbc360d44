package io.patchkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a model is asked to continue. */
public sealed interface Prompt {

  /**
   * A text to continue, with the special tokens that the tokenizer adds of its own accord. Special
   * tokens in the text count as such: do not build one around what users say.
   */
  static Prompt text(String text) {
    return new Text(text, true);
  }

  /**
   * A conversation whose next turn the model speaks, or {@linkplain Chat#continuing continues},
   * rendered by the model's chat template. A model may refuse messages that hold its special tokens
   * with an {@link IllegalArgumentException}.
   */
  static Chat chat(List<ChatMessage> messages) {
    return new Chat(messages, Map.of(), false);
  }

  /** Token ids, taken as they are. */
  static Prompt tokens(int... tokens) {
    return new Tokens(tokens);
  }

  /**
   * The same prompt under a written instruction: before a text, with an empty line between; in a
   * chat, as the first system message, in front of the one that may be there, for templates accept
   * one.
   *
   * @throws IllegalArgumentException if the prompt is a list of token ids
   */
  default Prompt withInstruction(String instruction) {
    if (this instanceof Text text) {
      return new Text(instruction + "\n\n" + text.text(), text.addSpecialTokens());
    }
    if (this instanceof Chat chat) {
      return chat.instructed(instruction);
    }
    throw new IllegalArgumentException(
        "prompt is a list of token ids, which an instruction cannot be put before; allowed: a text"
            + " or a chat");
  }

  /**
   * A text to continue.
   *
   * @param addSpecialTokens whether the tokenizer adds its own special tokens around the text
   */
  record Text(String text, boolean addSpecialTokens) implements Prompt {
    public Text {
      Objects.requireNonNull(text, "text");
    }
  }

  /**
   * A conversation.
   *
   * @param messages at least one
   * @param variables what the chat template is told beside the messages, by name: texts, numbers,
   *     booleans, null, and lists and maps of them. Whole numbers are {@link Long}s, others {@link
   *     Double}s. A map keeps its order, in which a template writes it; {@link #equals} ignores it
   * @param isContinuing whether the last message is the beginning of the answer, which the model
   *     continues; see {@link #continuing}
   */
  record Chat(
      List<ChatMessage> messages, Map<String, @Nullable Object> variables, boolean isContinuing)
      implements Prompt {
    public Chat {
      messages = List.copyOf(messages);
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("messages is empty; a chat needs at least one message");
      }
      variables = TemplateVariables.copyOf(variables);
      if (isContinuing) {
        requireBeginning(messages.get(messages.size() - 1));
      }
    }

    private static void requireBeginning(ChatMessage last) {
      if (!last.role().equals("assistant") || last.content().isBlank()) {
        throw new IllegalArgumentException(
            "a chat that is continued ends with "
                + (last.content().isBlank() ? "nothing" : "words")
                + " of the role "
                + last.role()
                + "; allowed: the beginning of an answer, of the role assistant");
      }
    }

    /**
     * The same chat with a variable of its template set, such as {@code enable_thinking} to false
     * (Qwen3, SmolLM3), {@code reasoning_effort} (gpt-oss), {@code date_string} (Llama 3) or {@code
     * tools}. A template ignores variables that it does not know.
     *
     * @param value a text, number, boolean, null, or a list or map of them; copied
     * @throws IllegalArgumentException if the value is something else, or the name is that of what
     *     a template has anyway: {@code messages}, {@code add_generation_prompt}, a special token
     *     ({@code …_token}) or a function
     */
    public Chat with(String name, @Nullable Object value) {
      Map<String, @Nullable Object> changed = new LinkedHashMap<>(variables);
      changed.put(name, value);
      return withVariables(changed);
    }

    /** The same chat with these variables and no others; see {@link #with}. */
    public Chat withVariables(Map<String, @Nullable Object> variables) {
      return new Chat(messages, variables, isContinuing);
    }

    /**
     * The same chat with its last message, which is the assistant's, as the beginning of the
     * answer: the model goes on behind its last word instead of speaking a turn of its own, as with
     * {@code continue_final_message} of transformers. What is generated does not repeat the
     * beginning.
     *
     * <pre>{@code
     * Prompt.chat(List.of(ChatMessage.user(request), ChatMessage.assistant("Sure, here is")))
     *     .continuing()
     * }</pre>
     *
     * <p>End the beginning with a word or a mark, not with a space: tokens begin with theirs. Many
     * templates cut a space off at the end.
     *
     * @throws IllegalArgumentException if the last message is not the assistant's, or is blank
     */
    public Chat continuing() {
      return new Chat(messages, variables, true);
    }

    private Prompt instructed(String instruction) {
      ChatMessage first = messages.get(0);
      boolean hasSystem = first.role().equals("system");
      List<ChatMessage> instructed = new ArrayList<>();
      instructed.add(
          ChatMessage.system(hasSystem ? instruction + "\n\n" + first.content() : instruction));
      instructed.addAll(hasSystem ? messages.subList(1, messages.size()) : messages);
      return new Chat(instructed, variables, isContinuing);
    }
  }

  /** Token ids of the model's own vocabulary. */
  final class Tokens implements Prompt {
    private final int[] ids;

    private Tokens(int[] ids) {
      this.ids = ids.clone();
    }

    /** A copy of the ids. */
    public int[] ids() {
      return ids.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Tokens that && Arrays.equals(ids, that.ids);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(ids);
    }

    @Override
    public String toString() {
      return "Tokens[" + ids.length + "]";
    }
  }
}
