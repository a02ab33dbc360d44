package io.patchkit.train;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.patchkit.ChatMessage;
import io.patchkit.Prompt;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonString;
import io.patchkit.format.JsonValue;
import io.patchkit.format.StrictJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Training examples as TRL's JSON objects: {@code prompt}, {@code chosen}, {@code rejected} or
 * {@code completion}, all texts or all lists of messages, or whole conversations. What a chat tells
 * its template stands in TRL's columns {@code tools} and {@code chat_template_kwargs}; a prompt
 * that ends with a message of the assistant's is continued, as by TRL. An answer that was cut off
 * is marked by {@code <column>_complete: false}; other columns are ignored.
 */
final class TrlJson {

  private static final String TOOLS = "tools";
  private static final String VARIABLES = "chat_template_kwargs";

  private TrlJson() {}

  /**
   * A pair; where {@code prompt} is no list of messages, what two conversations have in common is
   * the prompt.
   */
  static PreferencePair pair(JsonObject json) {
    if (!(json.get("prompt") instanceof JsonArray) && json.get("chosen") instanceof JsonArray) {
      return implicit(json);
    }
    Prompt prompt = prompt(json);
    return new PreferencePair(
        prompt, answer(json, "chosen", prompt), answer(json, "rejected", prompt));
  }

  /** A demonstration; of {@code messages}, the last one is the answer. */
  static Demonstration demonstration(JsonObject json) {
    if (!json.has("prompt") && json.has("messages")) {
      List<ChatMessage> messages = messages(json.array("messages"));
      int last = messages.size() - 1;
      if (last < 1 || !isAssistants(messages.get(last))) {
        throw json.notAllowed("messages", "a conversation that ends with the assistant's message");
      }
      return new Demonstration(
          chat(messages.subList(0, last), json, "messages"),
          Answer.of(messages.get(last).content()));
    }
    Prompt prompt = prompt(json);
    return new Demonstration(prompt, answer(json, "completion", prompt));
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
    putPrompt(json, pair.prompt());
    put(json, "chosen", pair.chosen(), isChat);
    put(json, "rejected", pair.rejected(), isChat);
    if (chosenScore != null && rejectedScore != null) {
      json.put("score_chosen", chosenScore).put("score_rejected", rejectedScore);
    }
    return json.build();
  }

  /** What tells a prompt from others; of a text, or a chat without variables, the column alone. */
  static String key(Prompt prompt) {
    JsonObject.Builder json = JsonObject.builder();
    putPrompt(json, prompt);
    JsonObject columns = json.build();
    JsonValue alone = columns.get("prompt");
    return (columns.names().size() == 1 && alone != null ? alone : columns).toString();
  }

  private static void putPrompt(JsonObject.Builder json, Prompt prompt) {
    if (prompt instanceof Prompt.Text text) {
      json.put("prompt", text.text());
    } else if (prompt instanceof Prompt.Chat chat) {
      if (endsWithAssistant(chat) && !chat.isContinuing()) {
        throw new IllegalArgumentException(
            "prompt is a chat that ends with a message of the assistant's, which readers of TRL's"
                + " files continue; allowed: Prompt.Chat.continuing(), or another last message");
      }
      json.put("prompt", messages(chat.messages()));
      Map<String, @Nullable Object> others = new LinkedHashMap<>(chat.variables());
      if (others.containsKey(TOOLS)) {
        json.put(TOOLS, PlainJson.of(others.remove(TOOLS)));
      }
      if (!others.isEmpty()) {
        json.put(VARIABLES, PlainJson.of(others));
      }
    } else {
      throw new IllegalArgumentException(
          "prompt is a list of token ids; allowed: a text or a chat");
    }
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
      return chat(messages(array), json, "prompt");
    }
    return Prompt.text(json.string("prompt"));
  }

  /** A chat with the variables that the other columns hold; null is none of them, as to TRL. */
  private static Prompt.Chat chat(List<ChatMessage> messages, JsonObject json, String column) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    JsonObject named = json.optionalObject(VARIABLES);
    if (named != null) {
      for (String name : named.names()) {
        variables.put(name, PlainJson.value(named.get(name)));
      }
    }
    if (json.has(TOOLS)) {
      variables.put(TOOLS, PlainJson.value(tools(json)));
    }
    Prompt.Chat chat = said(messages, json, column);
    try {
      return chat.withVariables(variables);
    } catch (IllegalArgumentException e) {
      throw json.notAllowed(VARIABLES, "variables that a chat may have (" + e.getMessage() + ")");
    }
  }

  /** TRL continues what the assistant has begun to say. */
  private static Prompt.Chat said(List<ChatMessage> messages, JsonObject json, String column) {
    try {
      Prompt.Chat chat = Prompt.chat(messages);
      return endsWithAssistant(chat) ? chat.continuing() : chat;
    } catch (IllegalArgumentException e) {
      throw json.notAllowed(column, "a conversation to go on with (" + e.getMessage() + ")");
    }
  }

  private static boolean endsWithAssistant(Prompt.Chat chat) {
    return isAssistants(chat.messages().get(chat.messages().size() - 1));
  }

  private static boolean isAssistants(ChatMessage message) {
    return message.role().equals("assistant");
  }

  /** A data set whose tools differ in their fields has them as JSON in a text. */
  private static @Nullable JsonValue tools(JsonObject json) {
    JsonValue tools = json.get(TOOLS);
    if (!(tools instanceof JsonString text)) {
      return tools;
    }
    try {
      return StrictJson.parse(text.value().getBytes(UTF_8), JsonLimits.defaults());
    } catch (FormatException e) {
      throw json.notAllowed(TOOLS, "a list of tools, or one as JSON in a text");
    }
  }

  private static Answer answer(JsonObject json, String column, Prompt prompt) {
    if (json.get(column) instanceof JsonArray array) {
      if (prompt instanceof Prompt.Text) {
        throw json.notAllowed(column, "a text, since the prompt is one, or messages in both");
      }
      List<ChatMessage> messages = messages(array);
      if (messages.size() != 1 || !isAssistants(messages.get(0))) {
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
    if (last < 1 && json.has("prompt")) {
      throw json.notAllowed("prompt", "messages, since the answers are, or a text in all");
    }
    boolean isPair =
        last >= 1
            && rejected.size() == chosen.size()
            && chosen.subList(0, last).equals(rejected.subList(0, last))
            && isAssistants(chosen.get(last))
            && isAssistants(rejected.get(last));
    if (!isPair) {
      throw json.notAllowed(
          "rejected", "the conversation of chosen, but for the assistant's last message");
    }
    return new PreferencePair(
        chat(chosen.subList(0, last), json, "chosen"),
        answer(json, "chosen", chosen.get(last).content()),
        answer(json, "rejected", rejected.get(last).content()));
  }
}
