package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.ChatMessage;
import io.patchkit.FinishReason;
import io.patchkit.GenerationOptions;
import io.patchkit.Prompt;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SaferReferenceTest {

  private static final GenerationOptions OPTIONS = GenerationOptions.defaults();

  private final FakeModel model =
      new FakeModel(FinishReason.STOP_TOKEN, (prompt, options) -> "seed " + options.seed());

  @Test
  void anotherModelAnswersAndOnlyItsOwnEndIsAnEnd() {
    Prompt prompt = Prompt.text("hello");
    assertThat(SaferReference.model(model, OPTIONS.withSeed(3)).answer(prompt))
        .isEqualTo(new Answer("seed 3", true));
    for (FinishReason reason : FinishReason.values()) {
      FakeModel ending = new FakeModel(reason, (p, o) -> "x");
      assertThat(SaferReference.model(ending, OPTIONS).answer(prompt).complete())
          .isEqualTo(reason == FinishReason.STOP_TOKEN);
    }
  }

  @Test
  void anInstructionStandsBeforeATextAndIsTheSystemMessageOfAChat() {
    SaferReference safer = SaferReference.instructed(model, "Be good.", OPTIONS);
    ChatMessage user = ChatMessage.user("hello");
    safer.answer(new Prompt.Text("hello", false));
    safer.answer(Prompt.chat(List.of(user)));
    safer.answer(Prompt.chat(List.of(ChatMessage.system("Be brief."), user)));
    assertThat(model.prompts)
        .containsExactly(
            new Prompt.Text("Be good.\n\nhello", false),
            Prompt.chat(List.of(ChatMessage.system("Be good."), user)),
            Prompt.chat(List.of(ChatMessage.system("Be good.\n\nBe brief."), user)));
    assertThatThrownBy(() -> safer.answer(Prompt.tokens(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theBestOfSeveralSamplesIsTheFirstWithTheHighestScore() {
    GenerationOptions sampling = OPTIONS.withTemperature(1).withSeed(10);
    SaferReference best =
        SaferReference.bestOf(
            4, model, sampling, (prompt, answer) -> Math.min(12, answer.charAt(6) - '0' + 10));
    assertThat(best.answer(Prompt.text("x")).text()).isEqualTo("seed 12");
    assertThat(model.prompts).hasSize(4);
    assertThatThrownBy(() -> SaferReference.bestOf(2, model, OPTIONS, (p, a) -> 0))
        .hasMessageContaining("greedy");
    assertThatThrownBy(() -> SaferReference.bestOf(0, model, sampling, (p, a) -> 0))
        .hasMessageContaining("candidates is empty");
  }

  @Test
  void givenTextsAnswerTheirPromptsAndNoOthers() {
    SaferReference given =
        new SaferReference.Given(Map.of(Prompt.text("a"), Answer.of("No, sorry.")));
    assertThat(given.answer(Prompt.text("a")).text()).isEqualTo("No, sorry.");
    assertThatThrownBy(() -> given.answer(Prompt.text("b")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the 1 given prompts");
  }

  @Test
  void anyFunctionAnswers() {
    assertThat(SaferReference.answering(Object::toString).answer(Prompt.text("a")))
        .isEqualTo(Answer.of(Prompt.text("a").toString()));
  }

  @Test
  void aTeacherScoresThePairsWithItsOwnTokenizer() {
    ReferencePolicy teacher =
        ReferencePolicy.teacher(
            model, List.of(PreferencePair.of(Prompt.text("a?"), "abab", "bbb")));
    assertThat(teacher)
        .isEqualTo(new ReferencePolicy.Scored(List.of(new ReferencePolicy.PairScore(-3, -3))));
  }
}
