package io.patchkit.onnx.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.patchkit.ChatMessage;
import io.patchkit.CorruptModelException;
import io.patchkit.Prompt;
import io.patchkit.UnsupportedModelException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {

  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2024-07-26T09:05:03Z"), ZoneOffset.UTC);

  private static final SpecialTokens TOKENS =
      new SpecialTokens(
          Map.of(
              "bos_token", "<s>", "eos_token", "</s>", "pad_token", "<pad>", "unk_token", "<unk>"));

  private static final List<ChatMessage> HELLO = List.of(ChatMessage.user("Hello"));

  @TempDir Path folder;

  /** Every template with every conversation, against jinja2. */
  @TestFactory
  List<DynamicTest> writesConversationsAsTransformersDoes() throws Exception {
    JsonNode expected = new ObjectMapper().readTree(resource("expected.json"));
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode oracle : expected.get("cases")) {
      String name = oracle.get("template").asText();
      String conversation = oracle.get("conversation").asText();
      List<ChatMessage> messages = new ArrayList<>();
      for (JsonNode message : expected.get("conversations").get(conversation)) {
        messages.add(
            new ChatMessage(message.get("role").asText(), message.get("content").asText()));
      }
      boolean prompt = oracle.get("add_generation_prompt").asBoolean();
      tests.add(
          DynamicTest.dynamicTest(
              name + " " + conversation + (prompt ? " +" : ""),
              () -> {
                ChatTemplate template = template(resource(name));
                if (oracle.has("text")) {
                  assertThat(template.render(messages, prompt))
                      .isEqualTo(oracle.get("text").asText());
                } else {
                  assertThatIllegalArgumentException()
                      .isThrownBy(() -> template.render(messages, prompt))
                      .withMessage(
                          "the model's chat template refuses these messages: "
                              + oracle.get("refusal").asText());
                }
              }));
    }
    assertThat(tests).hasSizeGreaterThan(250);
    return tests;
  }

  /** What the chat tells beside its messages, against jinja2. */
  @Test
  void tellsTemplatesTheChatsVariables() throws Exception {
    ObjectMapper json = new ObjectMapper();
    for (JsonNode oracle : json.readTree(resource("variables.json")).get("cases")) {
      Map<String, Object> variables =
          json.convertValue(oracle.get("variables"), new TypeReference<>() {});
      Prompt.Chat chat = Prompt.chat(HELLO).withVariables(variables);
      assertThat(template(resource(oracle.get("template").asText())).render(chat))
          .as("%s %s", oracle.get("template"), variables)
          .isEqualTo(oracle.get("text").asText());
    }
  }

  @Test
  void aChatWithoutVariablesLeavesTheDefaults() throws Exception {
    ChatTemplate template = template("{{ tools is none }} {{ documents is none }} {{ x }}");
    Prompt.Chat chat = Prompt.chat(HELLO);
    assertThat(template.render(chat)).isEqualTo("True True ");
    assertThat(template.render(chat.with("tools", List.of(1)).with("x", Map.of("a", 1))))
        .isEqualTo("False True {'a': 1}");
  }

  /** Every template with beginnings of answers, against jinja2 and the rule of transformers. */
  @Test
  void endsWithTheBeginningOfTheAnswer() throws Exception {
    int refused = 0;
    for (JsonNode oracle : new ObjectMapper().readTree(resource("continuing.json")).get("cases")) {
      ChatTemplate template = template(resource(oracle.get("template").asText()));
      String beginning = oracle.get("beginning").asText();
      String name = oracle.get("template").asText() + " " + beginning;
      Prompt.Chat chat =
          Prompt.chat(List.of(HELLO.get(0), ChatMessage.assistant(beginning))).continuing();
      if (oracle.has("text")) {
        assertThat(template.render(chat)).as(name).isEqualTo(oracle.get("text").asText());
      } else {
        refused++;
        assertThatIllegalArgumentException()
            .as(name)
            .isThrownBy(() -> template.render(chat))
            .withMessageContaining("changes the message that is to be continued");
      }
    }
    assertThat(refused).isEqualTo(1);
  }

  /** Worked out by hand: what is behind the last content is cut off, whatever else it occurs in. */
  @Test
  void cutsBehindTheLastContent() throws Exception {
    String turns = "{% for m in messages %}[{{ m.role }}: {{ CONTENT }}|e] {% endfor %}the end";
    Prompt.Chat chat =
        Prompt.chat(List.of(ChatMessage.user("e"), ChatMessage.assistant(" e "))).continuing();
    assertThat(template(turns.replace("CONTENT", "m.content")).render(chat))
        .isEqualTo("[user: e|e] [assistant:  e ");
    assertThat(template(turns.replace("CONTENT", "m.content|trim")).render(chat))
        .isEqualTo("[user: e|e] [assistant: e");
    assertThat(
            template(
                    "{% if add_generation_prompt %}?{% endif %}"
                        + turns.replace("CONTENT", "m.content"))
                .render(chat))
        .isEqualTo("[user: e|e] [assistant:  e ");
    for (String changed : List.of("m.content|upper", "m.content|replace('e', 'x')", "'e'")) {
      ChatTemplate template = template(turns.replace("CONTENT", changed));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> template.render(chat))
          .withMessageContaining("changes the message that is to be continued, ' e '");
    }
  }

  private static String resource(String name) throws Exception {
    try (InputStream in = ChatTemplateTest.class.getResourceAsStream("chat/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private ChatTemplate template(String source) throws Exception {
    Files.writeString(folder.resolve("chat_template.jinja"), source);
    return ChatTemplate.load(folder, TOKENS, CLOCK);
  }

  @Test
  void prefersTheFileOfItsOwn() throws Exception {
    Files.writeString(
        folder.resolve("tokenizer_config.json"), "{\"chat_template\": \"configured\"}");
    assertThat(load().render(HELLO, true)).isEqualTo("configured");
    Files.writeString(folder.resolve("chat_template.jinja"), "own");
    assertThat(load().render(HELLO, true)).isEqualTo("own");
  }

  @Test
  void takesTheDefaultOfSeveral() throws Exception {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"chat_template": [{"name": "tool_use", "template": "tools"},
                           {"name": "default", "template": "plain"}]}
        """);
    assertThat(load().render(HELLO, true)).isEqualTo("plain");
  }

  @Test
  void saysThatThereIsNone() throws Exception {
    assertThat(load().isPresent()).isFalse();
    assertThatThrownBy(() -> load().render(HELLO, true))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("this model has no chat template");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"chat_template\": null}");
    assertThatThrownBy(() -> load().render(HELLO, true))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("this model has no chat template");
  }

  @Test
  void refusesFilesThatAreNotWhatTheyShouldBe() throws Exception {
    for (String broken :
        List.of(
            "{\"chat_template\": 3}",
            "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"x\"}]}",
            "{\"chat_template\"",
            "[]")) {
      Files.writeString(folder.resolve("tokenizer_config.json"), broken);
      assertThatThrownBy(this::load)
          .isInstanceOf(CorruptModelException.class)
          .hasMessageContaining("tokenizer_config.json");
    }
    Files.write(folder.resolve("chat_template.jinja"), new byte[] {(byte) 0xFF});
    assertThatThrownBy(this::load)
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("UTF-8");
  }

  @Test
  void saysWhatIsWrongWithATemplateWhenItIsNeeded() throws Exception {
    ChatTemplate syntax = template("a\n{% include 'b' %}");
    assertThat(syntax.isPresent()).isFalse();
    assertThatThrownBy(() -> syntax.render(HELLO, true))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("'include' is not supported");
    ChatTemplate filter = template("\n{{ messages|urlize }}");
    assertThatThrownBy(() -> filter.render(HELLO, true))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("urlize");
    ChatTemplate endless =
        template("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}");
    assertThatThrownBy(() -> endless.render(HELLO, true))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("steps");
  }

  @Test
  void blamesTheMessagesForWhatTheTemplateMakesOfThem() throws Exception {
    ChatTemplate template = template("\n{{ messages[1].content + 'x' }}");
    assertThat(template.render(List.of(HELLO.get(0), ChatMessage.assistant("Hi")), true))
        .isEqualTo("\nHix");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> template.render(HELLO, true))
        .withMessageContaining("line 2");
  }

  @Test
  void givesTheTemplateTheSpecialTokensThatThereAre() throws Exception {
    ChatTemplate template =
        template("{{ bos_token }}{{ eos_token }}{{ pad_token }}{{ unk_token }}{{ cls_token }}");
    assertThat(template.render(HELLO, true)).isEqualTo("<s></s><pad><unk>");
  }

  /** Python: datetime(2024, 7, 26, 9, 5, 3).strftime(…) in the C locale. */
  @Test
  void tellsTheTimeOfTheClockInEnglish() throws Exception {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      ChatTemplate template =
          template(
              "{{ strftime_now('%a %A %b %B %d %e %H %I %j %m %M %p %S %y %Y %% %-d %-m %-I x%')"
                  + " }}");
      assertThat(template.render(HELLO, true))
          .isEqualTo("Fri Friday Jul July 26 26 09 09 208 07 05 AM 03 24 2024 % 26 7 9 x%");
    } finally {
      Locale.setDefault(before);
    }
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ strftime_now('%d %H') }}");
    Clock tokyo = Clock.fixed(Instant.parse("2024-09-05T20:00:00Z"), ZoneId.of("Asia/Tokyo"));
    assertThat(ChatTemplate.load(folder, TOKENS, tokyo).render(HELLO, true)).isEqualTo("06 05");
    ChatTemplate unknown = template("{{ strftime_now('%Q') }}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> unknown.render(HELLO, true))
        .withMessageContaining("%Q");
  }

  /** A message is data: nothing in it is ever taken for a template. */
  @Test
  void neverRendersWhatAMessageSays() throws Exception {
    String hostile = "{{ 1 + 1 }}{% raise_exception('x') %}{# c #}<&\"'>";
    ChatTemplate template = template("{{ messages[0].content }}");
    assertThat(template.render(List.of(ChatMessage.user(hostile)), true)).isEqualTo(hostile);
  }

  private ChatTemplate load() {
    return ChatTemplate.load(folder, TOKENS, CLOCK);
  }
}
