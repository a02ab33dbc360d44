package io.patchkit;

import java.util.Objects;

/**
 * One turn of a conversation.
 *
 * @param role who speaks: {@code system}, {@code user}, {@code assistant}, {@code tool} or whatever
 *     else the model's chat template knows; not blank
 * @param content what is said; may be empty. A model may refuse a content or a role that holds its
 *     special tokens, such as {@code <|im_end|>}, with which a turn could be forged
 */
public record ChatMessage(String role, String content) {

  public ChatMessage {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(content, "content");
    if (role.isBlank()) {
      throw new IllegalArgumentException("role is blank; expected for example 'user'");
    }
  }

  /** Instructions to the model that stand before the conversation. */
  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  /** What the person says. */
  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  /** What the model has said. */
  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }
}
