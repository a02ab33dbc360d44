package io.patchkit.train;

import io.patchkit.ChatMessage;
import io.patchkit.Prompt;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonString;
import io.patchkit.format.JsonValue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Training examples as TRL's JSON objects: {@code prompt}, {@code chosen}, {@code rejected} or
 * {@code completion}, each a text or a list of messages. An answer that was cut off is marked by
 * {@code <column>_complete: false}; other columns are ignored.
 */
final class TrlJson {

  private TrlJson() {}

  /** A pair; without {@code prompt}, what the two conversations have in common is the prompt. */
  static PreferencePair pair(JsonObject json) {
    if (!json.has("prompt") && json.get("chosen") instanceof JsonArray) {
      return implicit(json);
    }
    return new PreferencePair(prompt(json), answer(json, "chosen"), answer(json, "rejected"));
  }

  static Demonstration demonstration(JsonObject json) {
    return new Demonstration(prompt(json), answer(json, "completion"));
  }

  /**
   * The object of a pair.
   *
   * @param chosenScore and the other are written where they are not null
   */
  static JsonObject of(
      PreferencePair pair, @Nullable Double chosenScore, @Nullable Double rejectedScore) {
    JsonObject.Builder json = JsonObject.builder();
    boolean isChat = pair.prompt() instanceof Prompt.Chat;
    json.put("prompt", prompt(pair.prompt()));
    put(json, "chosen", pair.chosen(), isChat);
    put(json, "rejected", pair.rejected(), isChat);
    if (chosenScore != null && rejectedScore != null) {
      json.put("score_chosen", chosenScore).put("score_rejected", rejectedScore);
    }
    return json.build();
  }

  /** The text or messages of a prompt. */
  static JsonValue prompt(Prompt prompt) {
    if (prompt instanceof Prompt.Text text) {
      return new JsonString(text.text());
    }
    if (prompt instanceof Prompt.Chat chat) {
      return messages(chat.messages());
    }
    throw new IllegalArgumentException("prompt is a list of token ids; allowed: a text or a chat");
  }

  private static void put(JsonObject.Builder json, String column, Answer answer, boolean isChat) {
    json.put(
        column,
        isChat
            ? messages(List.of(ChatMessage.assistant(answer.text())))
            : new JsonString(answer.text()));
    if (!answer.complete()) {
      json.put(column + "_complete", false);
    }
  }

  private static JsonArray messages(List<ChatMessage> messages) {
    List<JsonObject> json = new ArrayList<>();
    for (ChatMessage message : messages) {
      json.add(
          JsonObject.builder()
              .put("role", message.role())
              .put("content", message.content())
              .build());
    }
    return JsonArray.of(json);
  }

  private static List<ChatMessage> messages(JsonArray json) {
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonObject message : json.objects()) {
      messages.add(new ChatMessage(message.string("role"), message.string("content")));
    }
    return messages;
  }

  private static Prompt prompt(JsonObject json) {
    if (json.get("prompt") instanceof JsonArray array) {
      return Prompt.chat(messages(array));
    }
    return Prompt.text(json.string("prompt"));
  }

  private static Answer answer(JsonObject json, String column) {
    if (json.get(column) instanceof JsonArray array) {
      List<ChatMessage> messages = messages(array);
      if (messages.size() != 1 || !messages.get(0).role().equals("assistant")) {
        throw json.notAllowed(column, "one message of the assistant");
      }
      return answer(json, column, messages.get(0).content());
    }
    return answer(json, column, json.string(column));
  }

  private static Answer answer(JsonObject json, String column, String text) {
    Boolean complete = json.optionalBool(column + "_complete");
    return new Answer(text, complete == null || complete);
  }

  private static PreferencePair implicit(JsonObject json) {
    List<ChatMessage> chosen = messages(json.array("chosen"));
    List<ChatMessage> rejected = messages(json.array("rejected"));
    int last = chosen.size() - 1;
    boolean isPair =
        last >= 1
            && rejected.size() == chosen.size()
            && chosen.subList(0, last).equals(rejected.subList(0, last))
            && chosen.get(last).role().equals("assistant")
            && rejected.get(last).role().equals("assistant");
    if (!isPair) {
      throw json.notAllowed(
          "rejected", "the conversation of chosen, but for the assistant's last message");
    }
    return new PreferencePair(
        Prompt.chat(chosen.subList(0, last)),
        answer(json, "chosen", chosen.get(last).content()),
        answer(json, "rejected", rejected.get(last).content()));
  }
}
