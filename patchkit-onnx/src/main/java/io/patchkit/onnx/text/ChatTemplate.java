package io.patchkit.onnx.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.patchkit.ChatMessage;
import io.patchkit.CorruptModelException;
import io.patchkit.Prompt;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.text.jinja.Arguments;
import io.patchkit.onnx.text.jinja.JinjaException;
import io.patchkit.onnx.text.jinja.JinjaFunction;
import io.patchkit.onnx.text.jinja.JinjaLimitException;
import io.patchkit.onnx.text.jinja.JinjaTemplate;
import io.patchkit.onnx.text.jinja.JinjaUnsupportedException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model folder's own way of writing a conversation as one text: the Jinja template it was trained
 * with, in the environment that transformers gives it (variables {@code messages}, {@code
 * add_generation_prompt} and the special tokens, {@code tools} and {@code documents} none unless
 * the chat has them among its variables, functions {@code raise_exception} and {@code
 * strftime_now}).
 *
 * <p>The text carries its special tokens; tokenize it without adding any. Immutable and
 * thread-safe.
 */
public final class ChatTemplate {

  private static final String ABSENT =
      "this model has no chat template (no chat_template.jinja, and no chat_template in"
          + " tokenizer_config.json); continue a text instead, or put the template of the model it"
          + " was trained as into the folder";

  /** The one of transformers, which some templates know. The space tells whether they trim. */
  private static final String MARK = "CONTINUE_FINAL_MESSAGE_TAG ";

  private final String source;
  private final @Nullable JinjaTemplate template;
  private final @Nullable RuntimeException defect;
  private final Map<String, Object> variables = new HashMap<>();
  private final Clock clock;

  private ChatTemplate(Optional<String> source, SpecialTokens specialTokens, Clock clock) {
    this.clock = clock;
    this.source = source.orElse("");
    variables.putAll(specialTokens.byName());
    JinjaTemplate parsed = null;
    RuntimeException failure = null;
    try {
      parsed = source.isEmpty() ? null : JinjaTemplate.parse(source.get());
    } catch (JinjaException e) {
      failure = unsupported(e);
    }
    template = parsed;
    defect = failure;
  }

  /**
   * Reads {@code chat_template.jinja}, or else what {@code tokenizer_config.json} has under {@code
   * chat_template}: a template, or several by name, of which the one named {@code default} counts.
   * A model without a template, or with one that is not supported, is an error only to {@link
   * #render}.
   *
   * @param clock what {@code strftime_now} tells, in its own zone
   * @throws CorruptModelException if the files are not what they should be
   */
  public static ChatTemplate load(Path modelFolder, SpecialTokens specialTokens, Clock clock) {
    Optional<String> source = ModelFiles.text(modelFolder, "chat_template.jinja");
    if (source.isEmpty()) {
      source =
          ModelFiles.json(modelFolder, "tokenizer_config.json")
              .map(configuration -> configuration.get("chat_template"))
              .flatMap(ChatTemplate::configured);
    }
    return new ChatTemplate(source, specialTokens, clock);
  }

  private static Optional<String> configured(JsonNode value) {
    if (value.isNull()) {
      return Optional.empty();
    } else if (value.isTextual()) {
      return Optional.of(value.textValue());
    } else if (value.isArray()) {
      for (JsonNode named : value) {
        if (named.path("name").asText().equals("default") && named.path("template").isTextual()) {
          return Optional.of(named.get("template").textValue());
        }
      }
    }
    throw new CorruptModelException(
        "chat_template in tokenizer_config.json is neither a text nor a list with one named"
            + " 'default'; fetch the model again");
  }

  /** Whether {@link #render} has a template to work with. */
  public boolean isPresent() {
    return template != null;
  }

  /** Whether the template's own text has this in it. */
  public boolean mentions(String text) {
    return source.contains(text);
  }

  /**
   * Writes a chat as the text that the model continues: to the beginning of the assistant's next
   * turn, or to the end of the last message where that is to be continued.
   *
   * <p>The end of the last message is found as transformers finds it, by a mark behind its content,
   * which is cut off with everything after it.
   *
   * @throws IllegalArgumentException if the template does not accept these messages or variables,
   *     with the template's own reason
   * @throws UnsupportedModelException if the model has no template or an unusable one
   */
  public String render(Prompt.Chat chat) {
    if (!chat.isContinuing()) {
      return render(chat.messages(), chat.variables(), true);
    }
    List<ChatMessage> marked = new ArrayList<>(chat.messages());
    ChatMessage last = marked.remove(marked.size() - 1);
    marked.add(new ChatMessage(last.role(), last.content() + MARK));
    String text = render(marked, chat.variables(), false);
    int end = text.lastIndexOf(MARK.strip());
    String before = end < 0 ? "" : text.substring(0, end);
    if (!before.strip().endsWith(last.content().strip())) {
      throw new IllegalArgumentException(
          "the model's chat template changes the message that is to be continued, '"
              + last.content()
              + "'; allowed: a beginning that it leaves as it is, such as one without markers of"
              + " reasoning");
    }
    // A template that trims contents would have trimmed this one.
    return text.startsWith(MARK, end) ? before : before.stripTrailing();
  }

  /**
   * Writes a conversation as a text.
   *
   * @param addGenerationPrompt whether to end with what begins the assistant's next turn
   * @throws IllegalArgumentException if the template does not accept these messages, with the
   *     template's own reason
   * @throws UnsupportedModelException if the model has no template or an unusable one
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    return render(messages, Map.of(), addGenerationPrompt);
  }

  private String render(
      List<ChatMessage> messages,
      Map<String, @Nullable Object> given,
      boolean addGenerationPrompt) {
    if (defect != null) {
      throw defect;
    } else if (template == null) {
      throw new UnsupportedModelException(ABSENT);
    }
    Map<String, @Nullable Object> scope = new HashMap<>(variables);
    List<Map<String, String>> turns = new ArrayList<>(messages.size());
    for (ChatMessage message : messages) {
      Map<String, String> turn = new LinkedHashMap<>();
      turn.put("role", message.role());
      turn.put("content", message.content());
      turns.add(turn);
    }
    scope.put("tools", null);
    scope.put("documents", null);
    scope.putAll(given);
    scope.put("messages", turns);
    scope.put("add_generation_prompt", addGenerationPrompt);
    scope.put("raise_exception", (JinjaFunction) ChatTemplate::raise);
    scope.put("strftime_now", (JinjaFunction) this::now);
    try {
      return template.render(scope);
    } catch (JinjaUnsupportedException | JinjaLimitException e) {
      throw unsupported(e);
    } catch (RaisedException e) {
      throw new IllegalArgumentException(
          "the model's chat template refuses these messages: " + e.getMessage(), e);
    } catch (JinjaException e) {
      throw new IllegalArgumentException(
          "the model's chat template fails on these messages in its line "
              + e.line()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private static UnsupportedModelException unsupported(JinjaException e) {
    return new UnsupportedModelException(
        "the model's chat template cannot be used; line " + e.line() + ": " + e.getMessage(), e);
  }

  private static Object raise(Arguments arguments) {
    throw new RaisedException(arguments.text("raise_exception"));
  }

  private Object now(Arguments arguments) {
    return Strftime.format(arguments.text("strftime_now"), LocalDateTime.now(clock));
  }

  /** The template's own refusal. */
  private static final class RaisedException extends JinjaException {
    private static final long serialVersionUID = 1L;

    RaisedException(String message) {
      super(message);
    }
  }
}
