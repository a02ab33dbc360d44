package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.ChatMessage;
import io.patchkit.FinishReason;
import io.patchkit.GenerationOptions;
import io.patchkit.Prompt;
import java.util.ArrayList;
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
      if (reason == FinishReason.CANCELLED) {
        assertThatThrownBy(() -> SaferReference.model(ending, OPTIONS).answer(prompt))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("was cancelled after 1 tokens")
            .hasMessageContaining("generate again");
        continue;
      }
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
  void theBestOfSeveralIsNotChosenByScoresThatAreNone() {
    for (double none : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      List<Double> scores = new ArrayList<>(List.of(none, 0.5));
      SaferReference best =
          new SaferReference.BestOf(
              List.of(
                  SaferReference.answering(prompt -> "bad"),
                  SaferReference.answering(prompt -> "good")),
              (prompt, answer) -> scores.remove(0));
      assertThatThrownBy(() -> best.answer(Prompt.text("x")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the score of an answer to")
          .hasMessageContaining("is " + none + "; allowed: finite numbers");
    }
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
    TinyModel trained = new TinyModel(3);
    PreferencePair pair = PreferencePair.of(Prompt.text("ac"), "abab", "bbb");
    assertThat(ReferencePolicy.teacher(model, trained, List.of(pair)))
        .isEqualTo(
            new ReferencePolicy.Scored(
                List.of(new ReferencePolicy.PairScore(-3, -3)),
                List.of(PairTokens.of(trained, pair))));
  }

  @Test
  void anEmptyAnswerIsCertainToATeacher() {
    TinyModel trained = new TinyModel(3);
    PreferencePair pair = PreferencePair.of(Prompt.text("ac"), "", "bbb");
    assertThat(
            ((ReferencePolicy.Scored) ReferencePolicy.teacher(model, trained, List.of(pair)))
                .scores())
        .containsExactly(new ReferencePolicy.PairScore(0, -3));
  }

  @Test
  void aTeachersScoresServeThePairsThatItScoredAndNoOthers() {
    TinyModel trained = new TinyModel(3);
    List<PreferencePair> texts =
        List.of(
            PreferencePair.of(Prompt.text("ac"), "abab", "bbb"),
            PreferencePair.of(Prompt.text("bd"), "aab", "abb"));
    ReferencePolicy teacher = ReferencePolicy.teacher(model, trained, texts);
    List<PairTokens> pairs = texts.stream().map(pair -> PairTokens.of(trained, pair)).toList();
    assertThat(Dpo.of(pairs).withReference(teacher).reference()).isEqualTo(teacher);
    List<PairTokens> cut = List.of(pairs.get(0), pairs.get(1).untilTheyDiffer());
    assertThatThrownBy(() -> Dpo.of(cut).withReference(teacher))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("pair 1 of the data is PairTokens[chosen=AnswerTokens[2 + 2]")
        .hasMessageContaining("scored PairTokens[chosen=AnswerTokens[2 + 4]")
        .hasMessageContaining("not cut");
    List<PairTokens> swapped = List.of(pairs.get(1), pairs.get(0));
    assertThatThrownBy(() -> Dpo.of(swapped).withReference(teacher))
        .hasMessageContaining("pair 0 of the data");
    assertThatThrownBy(() -> Dpo.of(pairs.subList(0, 1)).withReference(teacher))
        .hasMessageContaining("reference has 2 scores; allowed: one for each of the 1 pairs");
  }
}
