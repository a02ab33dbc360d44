package io.patchkit.onnx;

import io.patchkit.ChatMessage;
import io.patchkit.Prompt;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.text.ChatTemplate;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Refuses chats with which a turn could be forged. A chat template joins what is said and the
 * tokens that separate turns to one text, in which the tokenizer cannot tell the one's tokens from
 * the other's: a content with the token that ends a turn ends the turn, and may go on as another
 * speaker. Such tokens are the special ones that the template writes or mentions, and those that
 * begin or end a text; other special tokens are text like any other. Thread-safe.
 */
final class PlainMessages {

  /** Chats in which a template shows its special tokens; it need not accept them all. */
  private static final List<List<ChatMessage>> PROBES =
      List.of(
          List.of(
              ChatMessage.system("rule"),
              ChatMessage.user("question"),
              ChatMessage.assistant("answer"),
              ChatMessage.user("question")),
          List.of(
              ChatMessage.user("question"),
              ChatMessage.assistant("answer"),
              ChatMessage.user("question")),
          List.of(ChatMessage.user("question"), new ChatMessage("tool", "result")));

  private static final String ALLOWED =
      "; allowed: roles, contents and variables without the tokens that separate turns, or any where"
          + " OnnxOptions.specialTokensInMessages is on";

  private final HuggingFaceTokenizer tokenizer;
  private final ChatTemplate template;
  private final Set<Integer> turnTokens;

  /** What the texts of these tokens begin with, where it is no letter. */
  private final Set<Integer> firstCharacters = new HashSet<>();

  /**
   * @param edges ids that begin or end a text, whatever the tokenizer calls them
   */
  PlainMessages(HuggingFaceTokenizer tokenizer, ChatTemplate template, Set<Integer> edges) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.turnTokens = turnTokens(edges);
    for (int token : turnTokens) {
      text(token)
          .codePoints()
          .limit(1)
          .filter(c -> !Character.isLetterOrDigit(c) && !Character.isWhitespace(c))
          .forEach(firstCharacters::add);
    }
  }

  private Set<Integer> turnTokens(Set<Integer> edges) {
    Set<Integer> tokens = new HashSet<>(edges);
    for (String name : List.of("bos_token", "eos_token")) {
      String text = tokenizer.specialTokens().byName().get(name);
      if (text != null) {
        tokenizer.addedToken(text).ifPresent(tokens::add);
      }
    }
    List<String> written = probes();
    tokenizer
        .idsOfSpecialTokens()
        .forEach(
            (text, token) -> {
              if (template.mentions(text)
                  || written.stream().anyMatch(chat -> chat.contains(text))) {
                tokens.add(token);
              }
            });
    return tokens;
  }

  /** What the template writes for chats of all kinds. */
  private List<String> probes() {
    List<String> written = new ArrayList<>();
    for (List<ChatMessage> probe : PROBES) {
      try {
        written.add(template.render(probe, true));
      } catch (IllegalArgumentException | UnsupportedModelException e) {
        // Not a chat for this template.
      }
    }
    return written;
  }

  /**
   * @throws IllegalArgumentException if a content or a role holds such a token; the message names
   *     both
   */
  void require(List<ChatMessage> messages) {
    for (int i = 0; i < messages.size(); i++) {
      ChatMessage message = messages.get(i);
      require(message.role(), "the role of message " + i);
      require(message.content(), "message " + i + ", of role " + message.role() + ",");
    }
  }

  /**
   * @throws IllegalArgumentException if a text in the variables of a chat holds a special token
   */
  void requireVariables(Map<String, @Nullable Object> variables) {
    variables.forEach((name, value) -> requireWithin(value, "the variable " + name));
  }

  private void requireWithin(@Nullable Object value, String where) {
    if (value instanceof String text) {
      require(text, where);
    } else if (value instanceof List<?> list) {
      list.forEach(item -> requireWithin(item, where));
    } else if (value instanceof Map<?, ?> map) {
      map.forEach(
          (key, item) -> {
            requireWithin(key, where);
            requireWithin(item, where);
          });
    }
  }

  private void require(String text, String where) {
    for (int token : tokenizer.encode(text, false)) {
      if (turnTokens.contains(token) && !standsForTheUnknown(token, text)) {
        throw new IllegalArgumentException(
            where + " contains " + text(token) + ", a special token of the model" + ALLOWED);
      }
    }
  }

  /** Whether the token is there in place of characters that the vocabulary lacks. */
  private boolean standsForTheUnknown(int token, String text) {
    String unknown = tokenizer.specialTokens().byName().get("unk_token");
    return unknown != null
        && tokenizer.addedToken(unknown).orElse(-1) == token
        && !text.contains(unknown);
  }

  /**
   * A template may edit what it is given: where it deletes {@code /think}, {@code <|im_/thinkend|>}
   * becomes a token that no message held. So the chat may not have more of these tokens than one
   * that cannot become any, for want of the characters that they begin with.
   *
   * @param tokens of the chat as the template writes it
   * @throws IllegalArgumentException if the template makes such a token of what the contents hold
   */
  void requireNoneMade(Prompt.Chat chat, int[] tokens) {
    List<ChatMessage> messages = new ArrayList<>();
    for (ChatMessage message : chat.messages()) {
      messages.add(new ChatMessage(message.role(), withoutFirstCharacters(message.content())));
    }
    Prompt.Chat harmless = new Prompt.Chat(messages, chat.variables(), chat.isContinuing());
    if (harmless.equals(chat)) {
      return;
    }
    int[] without = tokenizer.encode(template.render(harmless), false);
    for (int token : turnTokens) {
      if (count(token, tokens) > count(token, without)) {
        throw new IllegalArgumentException(
            "the messages contain pieces of which the model's chat template makes "
                + text(token)
                + ", a special token of the model"
                + ALLOWED);
      }
    }
  }

  private String withoutFirstCharacters(String content) {
    return content
        .codePoints()
        .map(c -> firstCharacters.contains(c) ? '.' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static long count(int token, int[] tokens) {
    return Arrays.stream(tokens).filter(other -> other == token).count();
  }

  private String text(int token) {
    return tokenizer.decode(new int[] {token}, false);
  }
}
