package io.patchkit.onnx;

import io.patchkit.ChatMessage;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Refuses chats whose contents, roles or variables hold special tokens. A chat template joins them
 * and special tokens to one text, in which the tokenizer cannot tell the one's tokens from the
 * other's: a content with the token that ends a turn ends the turn, and may go on as another
 * speaker. Thread-safe.
 */
final class PlainMessages {

  private final HuggingFaceTokenizer tokenizer;
  private final Set<Integer> stopTokens;

  /**
   * @param stopTokens count as special ones, whatever the tokenizer calls them
   */
  PlainMessages(HuggingFaceTokenizer tokenizer, Set<Integer> stopTokens) {
    this.tokenizer = tokenizer;
    this.stopTokens = stopTokens;
  }

  /**
   * @throws IllegalArgumentException if a content or a role holds a special token; the message
   *     names both
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
      if ((tokenizer.isSpecial(token) || stopTokens.contains(token))
          && !standsForTheUnknown(token, text)) {
        throw new IllegalArgumentException(
            where
                + " contains "
                + tokenizer.decode(new int[] {token}, false)
                + ", a special token of the model; allowed: roles, contents and variables without"
                + " special tokens, or any where OnnxOptions.specialTokensInMessages is on");
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
}
