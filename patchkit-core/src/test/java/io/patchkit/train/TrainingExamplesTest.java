package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.Prefix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A model of 64 positions and 10 ids, and a prefix of 3. */
class TrainingExamplesTest {

  private static final int LONGEST = 61;

  @TempDir private Path folder;

  private final TinyModel model = new TinyModel(5);
  private final Initialisation initialisation =
      new Initialisation.RandomNormal(Parametrisation.KEY_VALUE, 3, 0.5);

  /** So many tokens in all; the last is an id. */
  private static AnswerTokens answer(int length, int lastId) {
    int[] answer = new int[length - 2];
    Arrays.fill(answer, 4);
    answer[answer.length - 1] = lastId;
    return AnswerTokens.of(new int[] {7, 0}, answer);
  }

  private static SoftTargets soft(int length, int id) {
    AnswerTokens answer = answer(length, 9);
    return SoftTargets.of(answer.first(1), List.of(new int[] {id}), List.of(new double[] {1}));
  }

  private static PairTokens pair(AnswerTokens rejected) {
    return new PairTokens(AnswerTokens.of(new int[] {7, 0}, new int[] {1, 9}), rejected);
  }

  private void train(Term term) {
    PatchTrainer.of(model, TrainingPlan.of(initialisation, 1, term))
        .withCheckpoints(folder.resolve("checkpoints"), 1)
        .train();
  }

  /** Each with its last example at fault; the pairs' last tokens are in one row, then in two. */
  static Stream<Objective> withAnIdBeyondTheVocabulary() {
    AnswerTokens fine = answer(5, 9);
    return Stream.of(
        Sft.of(List.of(fine, answer(5, 10))),
        new Counterfactual(List.of(fine, answer(5, 10)), 3),
        new Distillation(List.of(soft(5, 9), soft(5, 10))),
        Dpo.of(List.of(pair(fine), pair(AnswerTokens.of(new int[] {7, 0}, new int[] {1, 10})))),
        Dpo.of(List.of(pair(fine), pair(answer(5, 10)))));
  }

  @ParameterizedTest
  @MethodSource("withAnIdBeyondTheVocabulary")
  void idsBeyondTheVocabularyAreRefused(Objective objective) {
    assertThatThrownBy(() -> train(Term.steer("a", objective, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "example 1 of the term 'a' holds the id 10; allowed: below the 10 ids of the model's"
                + " vocabulary");
    assertThat(folder).isEmptyDirectory();
  }

  static Stream<Objective> withARowBeyondTheContext() {
    AnswerTokens fits = answer(LONGEST, 9);
    AnswerTokens isTooLong = answer(LONGEST + 1, 9);
    return Stream.of(
        Sft.of(List.of(fits, isTooLong)),
        new Counterfactual(List.of(fits, isTooLong), 3),
        Dpo.of(List.of(pair(fits), pair(isTooLong))));
  }

  @ParameterizedTest
  @MethodSource("withARowBeyondTheContext")
  void rowsBeyondTheContextAreRefused(Objective objective) {
    assertThatThrownBy(() -> train(Term.steer("a", objective, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "1 of the 2 examples of the term 'a' have too many tokens behind a prefix of 3: example 1"
                + " has 62; allowed: at most the 64 positions of the model together");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void theFirstOfManyRowsBeyondTheContextAreNamed() {
    List<AnswerTokens> data = new ArrayList<>(List.of(answer(LONGEST, 9)));
    for (int i = 1; i < 8; i++) {
      data.add(answer(LONGEST + i, 9));
    }
    assertThatThrownBy(() -> train(Term.steer("a", Sft.of(data), 1)))
        .hasMessageStartingWith("7 of the 8 examples of the term 'a' have")
        .hasMessageContaining(": example 1 has 62, example 2 has 63,")
        .hasMessageContaining("example 5 has 66, …; allowed");
  }

  @Test
  void theLongestRowsAreTrained() {
    train(Term.steer("a", Sft.of(List.of(answer(LONGEST, 9))), 1));
    assertThat(folder.resolve("checkpoints")).isNotEmptyDirectory();
  }

  @Test
  void heldOutExamplesAreLookedAtToo() {
    TrainingPlan plan =
        TrainingPlan.of(initialisation, 1, Term.steer("a", Sft.of(List.of(answer(5, 9))), 1))
            .withValidation(
                Validation.every(1, Term.preserve("a", Sft.of(List.of(answer(62, 9))), 1)));
    assertThatThrownBy(() -> PatchTrainer.of(model, plan).train())
        .hasMessageContaining("1 of the 1 examples of the held-out term 'a' have");
  }

  @Test
  void theReferencesPrefixNeedsItsRoomToo() {
    Prefix longer =
        new Initialisation.RandomNormal(Parametrisation.KEY_VALUE, 4, 0.5).prefix(model, 1);
    Dpo dpo =
        Dpo.of(List.of(pair(answer(LONGEST, 9))))
            .withReference(new ReferencePolicy.Patched(longer));
    assertThatThrownBy(() -> train(Term.steer("a", dpo, 1)))
        .hasMessageContaining("behind a prefix of 4: example 0 has 61;");
  }
}
