package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.ChatMessage;
import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.Prompt;
import io.patchkit.train.Answer;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnAnswersTest {

  @TempDir Path folder;

  @Test
  void keepsNoAnswerThatWasCancelled() throws IOException {
    List<Prompt> prompts = List.of(Prompt.text("a"), Prompt.text("b"), Prompt.text("c"));
    OwnAnswers interrupted =
        answers(FinishReason.STOP_TOKEN, FinishReason.CANCELLED, FinishReason.CANCELLED);
    assertThatThrownBy(() -> interrupted.answers(prompts))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("an answer was cancelled");
    try (var kept = Files.list(folder)) {
      assertThat(kept).hasSize(1);
    }
    assertThat(answers(FinishReason.STOP_TOKEN, FinishReason.MAX_NEW_TOKENS).answers(prompts))
        .containsExactly(new Answer("0", true), new Answer("0", true), new Answer("1", false));
  }

  @Test
  void tellsPromptsApartThatEndAlike() throws IOException {
    ChatMessage question = ChatMessage.user("a");
    List<Prompt> prompts =
        List.of(
            Prompt.text("a"),
            Prompt.chat(List.of(question)),
            Prompt.chat(List.of(ChatMessage.system("s"), question)),
            Prompt.chat(List.of(ChatMessage.assistant("s"), question)));
    FinishReason[] endings = new FinishReason[prompts.size()];
    Arrays.fill(endings, FinishReason.STOP_TOKEN);
    assertThat(answers(endings).answers(prompts))
        .extracting(Answer::text)
        .containsExactly("0", "1", "2", "3");
  }

  /** A model whose answer to the request of an index is that index, and ends so. */
  private OwnAnswers answers(FinishReason... endings) throws IOException {
    Object model =
        Proxy.newProxyInstance(
            LanguageModel.class.getClassLoader(),
            new Class<?>[] {LanguageModel.class},
            (self, method, arguments) ->
                method.getName().equals("fingerprint") ? "model" : generations(endings));
    return OwnAnswers.of((LanguageModel) model, GenerationOptions.defaults(), folder);
  }

  private static List<Generation> generations(FinishReason... endings) {
    List<Generation> generations = new ArrayList<>();
    for (int i = 0; i < endings.length; i++) {
      generations.add(
          new Generation(
              Integer.toString(i), List.of(), endings[i], 0, 1, Duration.ZERO, Duration.ZERO));
    }
    return generations;
  }
}
