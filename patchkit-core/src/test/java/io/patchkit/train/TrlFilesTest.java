package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.ChatMessage;
import io.patchkit.PatchkitException;
import io.patchkit.Prompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read from and written to the files of TRL. */
class TrlFilesTest {

  @TempDir private Path folder;

  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = folder.resolve("pairs.jsonl");
  }

  /** Written in TRL's columns, and read as they were. */
  @Test
  void keepsTheVariablesOfChats() throws IOException {
    Prompt.Chat chat = Prompt.chat(List.of(ChatMessage.user("0.9 0.1")));
    Map<String, Object> tool = new HashMap<>();
    tool.put("name", "weather");
    tool.put("nothing", null);
    List<Prompt> prompts =
        List.of(
            chat,
            chat.with("enable_thinking", false),
            chat.with("enable_thinking", true),
            chat.with("tools", List.of(tool, 1, 0.5)).with("day", "1 May"));
    PairCounts counts =
        PreferencePairs.unfiltered()
            .build(
                prompts.iterator(),
                prompt -> Answer.of("Yes."),
                SaferReference.answering(prompt -> "No."),
                file);
    assertThat(counts).isEqualTo(new PairCounts(4, 0, 0, 0, 0, 0));
    assertThat(read()).extracting(PreferencePair::prompt).isEqualTo(prompts);
    assertThat(lines(file).get(0)).doesNotContain("tools", "chat_template_kwargs");
    assertThat(lines(file).get(1)).contains("\"chat_template_kwargs\":{\"enable_thinking\":false}");
    assertThat(lines(file).get(3)).contains("\"tools\":[{", "kwargs\":{\"day\":\"1 May\"}");
  }

  /** As TRL does: what the assistant has begun to say is continued. */
  @Test
  void keepsBeginningsOfAnswers() throws IOException {
    Prompt.Chat begun =
        Prompt.chat(List.of(ChatMessage.user("0.9 0.1"), ChatMessage.assistant("Sure,")));
    PreferencePairs pairs = PreferencePairs.unfiltered();
    SaferReference safer = SaferReference.answering(prompt -> "no.");
    Function<Prompt, Answer> base = prompt -> Answer.of("yes.");
    pairs.build(List.<Prompt>of(begun.continuing()).iterator(), base, safer, file);
    assertThat(read()).extracting(PreferencePair::prompt).containsExactly(begun.continuing());
    assertThatThrownBy(() -> pairs.build(List.<Prompt>of(begun).iterator(), base, safer, file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Prompt.Chat.continuing()");
    Files.writeString(
        file,
        "{\"prompt\":[{\"role\":\"assistant\",\"content\":\"\"}],\"chosen\":\"a\",\"rejected\":\"b\"}\n");
    assertThatThrownBy(this::read)
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("$.prompt: expected a conversation to go on with");
  }

  /** As TRL does. */
  @Test
  void readsToolsThatAreWrittenAsText() throws IOException {
    String chat = "\"prompt\":[{\"role\":\"user\",\"content\":\"Hi\"}],";
    String answers = "\"chosen\":\"a\",\"rejected\":\"b\"}\n";
    Files.writeString(file, "{" + chat + "\"tools\":\"[{\\\"name\\\":1}]\"," + answers);
    assertThat(((Prompt.Chat) read().get(0).prompt()).variables())
        .isEqualTo(Map.of("tools", List.of(Map.of("name", 1L))));
    Files.writeString(file, "{" + chat + "\"tools\":null," + answers);
    assertThat(((Prompt.Chat) read().get(0).prompt()).variables()).isEmpty();
    for (String bad :
        List.of("\"tools\":\"[{\",", "\"chat_template_kwargs\":{\"bos_token\":\"x\"},")) {
      Files.writeString(file, "{" + chat + bad + answers);
      assertThatThrownBy(this::read)
          .isInstanceOf(PatchkitException.class)
          .hasMessageContaining("line 1")
          .hasMessageContaining(bad.substring(1, bad.indexOf('"', 1)));
    }
  }

  @Test
  void readsTrlsFormsAndWritesThemBack() throws IOException {
    String text = "{\"prompt\":\"Sky?\",\"chosen\":\"Blue é \\\"\",\"rejected\":\"Green\\n\"}";
    String chat =
        "{\"prompt\":[{\"role\":\"user\",\"content\":\"Sky?\"}],"
            + "\"chosen\":[{\"role\":\"assistant\",\"content\":\"Blue\"}],"
            + "\"rejected\":[{\"role\":\"assistant\",\"content\":\"Green\"}]}";
    String cut =
        "{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\"c\",\"rejected_complete\":false}";
    String implicit =
        "{\"chosen\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"q\"},"
            + "{\"role\":\"assistant\",\"content\":\"y\"}],"
            + "\"rejected\":[{\"role\":\"system\",\"content\":\"s\"},"
            + "{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"n\"}],"
            + "\"source\":\"elsewhere\",\"score_chosen\":8.5}";
    String repeated =
        "{\"prompt\":\"q\",\"chosen\":[{\"role\":\"user\",\"content\":\"q\"},"
            + "{\"role\":\"assistant\",\"content\":\"y\"}],"
            + "\"rejected\":[{\"role\":\"user\",\"content\":\"q\"},"
            + "{\"role\":\"assistant\",\"content\":\"n\"}]}";
    Files.writeString(
        file, text + "\n" + chat + "\r\n\n" + cut + "\n" + implicit + "\n" + repeated);
    List<PreferencePair> pairs = read();
    assertThat(pairs)
        .containsExactly(
            PreferencePair.of(Prompt.text("Sky?"), "Blue é \"", "Green\n"),
            PreferencePair.of(Prompt.chat(List.of(ChatMessage.user("Sky?"))), "Blue", "Green"),
            new PreferencePair(Prompt.text("a"), Answer.of("b"), new Answer("c", false)),
            PreferencePair.of(
                Prompt.chat(List.of(ChatMessage.system("s"), ChatMessage.user("q"))), "y", "n"),
            PreferencePair.of(Prompt.chat(List.of(ChatMessage.user("q"))), "y", "n"));
    Path copy = folder.resolve("copy.jsonl");
    PreferencePairs.unfiltered().copy(pairs.iterator(), copy);
    assertThat(lines(copy)).startsWith(text, chat, cut).hasSize(5);
  }

  @Test
  void passesOverATornLastLineAndRefusesAnyOther() throws IOException {
    String line = "{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\"c\"}";
    Files.writeString(file, line + "\n" + line.substring(0, 20));
    assertThat(read()).hasSize(1);
    Files.writeString(file, line + "\n" + line);
    assertThat(read()).hasSize(2);
    Files.writeString(file, line + "\n" + line.substring(0, 20) + "\n" + line + "\n");
    assertThatThrownBy(this::read)
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("pairs.jsonl, line 2");
    Files.writeString(file, line + "\n{\"prompt\":\"a\",\"chosen\":\"b\"}");
    assertThatThrownBy(this::read).hasMessageContaining("line 2: $.rejected");
    Files.writeString(
        file,
        "{\"chosen\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"y\"}],\"rejected\":[{\"role\":\"user\",\"content\":\"r\"},{\"role\":\"assistant\",\"content\":\"n\"}]}\n");
    assertThatThrownBy(this::read).hasMessageContaining("the conversation of chosen");
    assertThatThrownBy(() -> PreferencePairs.read(folder.resolve("absent")))
        .isInstanceOf(PatchkitException.class);
  }

  @Test
  void refusesPromptsThatWouldBeReadOtherwiseThanMeant() throws IOException {
    String assistant = "[{\"role\":\"assistant\",\"content\":\"%s\"}]";
    Files.writeString(
        file,
        "{\"prompt\":\"q\",\"chosen\":%s,\"rejected\":%s}"
            .formatted(assistant.formatted("y"), assistant.formatted("n")));
    assertThatThrownBy(this::read)
        .hasMessageContaining("$.prompt")
        .hasMessageContaining("messages");
    Files.writeString(
        file,
        "{\"prompt\":\"q\",\"chosen\":\"y\",\"rejected\":%s}".formatted(assistant.formatted("n")));
    assertThatThrownBy(this::read)
        .hasMessageContaining("$.rejected")
        .hasMessageContaining("a text");
  }

  @Test
  void readsLazily() throws IOException {
    Files.writeString(file, "{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\"c\"}\nnot json\n");
    try (Stream<PreferencePair> pairs = PreferencePairs.read(file)) {
      assertThat(pairs.iterator().next().chosen().text()).isEqualTo("b");
    }
  }

  @Test
  void readsDemonstrations() throws IOException {
    Files.writeString(
        file,
        "{\"prompt\":\"a\",\"completion\":\"b\"}\n"
            + "{\"prompt\":[{\"role\":\"user\",\"content\":\"q\"}],"
            + "\"completion\":[{\"role\":\"assistant\",\"content\":\"y\"}],"
            + "\"completion_complete\":false}\n"
            + "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},"
            + "{\"role\":\"assistant\",\"content\":\"y\"}]}\n");
    try (Stream<Demonstration> demonstrations = Demonstration.read(file)) {
      assertThat(demonstrations)
          .containsExactly(
              new Demonstration(Prompt.text("a"), Answer.of("b")),
              new Demonstration(
                  Prompt.chat(List.of(ChatMessage.user("q"))), new Answer("y", false)),
              new Demonstration(Prompt.chat(List.of(ChatMessage.user("q"))), Answer.of("y")));
    }
  }

  private List<PreferencePair> read() {
    try (Stream<PreferencePair> pairs = PreferencePairs.read(file)) {
      return pairs.toList();
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
