package io.patchkit.train;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.ContextOverflowException;
import io.patchkit.FinishReason;
import io.patchkit.GenerationOptions;
import io.patchkit.PatchkitException;
import io.patchkit.Prompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreferencePairsTest {

  @TempDir private Path folder;

  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = folder.resolve("pairs.jsonl");
  }

  /** An answer's score is the number it ends with. */
  private static double score(Prompt prompt, String answer) {
    return Double.parseDouble(answer.substring(answer.lastIndexOf(' ') + 1));
  }

  private static final PairFilter FILTER = new PairFilter(0.75, 0.25);

  /** Prompts "chosen rejected": both answers are known from the prompt. */
  private static List<Prompt> prompts(String... texts) {
    List<Prompt> prompts = new ArrayList<>();
    for (String text : texts) {
      prompts.add(Prompt.text(text));
    }
    return prompts;
  }

  private static String word(Prompt prompt, int word) {
    return ((Prompt.Text) prompt).text().split(" ")[word];
  }

  private static final SaferReference SAFER =
      SaferReference.answering(prompt -> "No. " + word(prompt, 0));

  private static final Function<Prompt, Answer> BASE =
      prompt -> Answer.of("Yes. " + word(prompt, 1));

  private PairCounts build(List<Prompt> prompts) {
    return PreferencePairs.filtered(FILTER, "last number 1", PreferencePairsTest::score)
        .build(prompts.iterator(), BASE, SAFER, file);
  }

  private static final List<Prompt> CANDIDATES =
      prompts(
          "0.9 0.1", // kept
          "0.75 0.5", // kept: both thresholds are reached exactly
          "0.74 0.1", // the winner is too low
          "0.9 0.66", // the margin is too low
          "0.9 0.1", // again
          "0.7 0.7", // both: the winner is said
          "1.0 0.2"); // kept

  @Test
  void keepsWhatPassesTheThresholdAndTheMargin() {
    assertThat(build(CANDIDATES)).isEqualTo(new PairCounts(3, 0, 2, 1, 0, 1));
    assertThat(build(CANDIDATES).candidates()).isEqualTo(7);
    assertThat(lines(file))
        .containsExactly(
            "{\"prompt\":\"0.9 0.1\",\"chosen\":\"No. 0.9\",\"rejected\":\"Yes. 0.1\","
                + "\"score_chosen\":0.9,\"score_rejected\":0.1}",
            "{\"prompt\":\"0.75 0.5\",\"chosen\":\"No. 0.75\",\"rejected\":\"Yes. 0.5\","
                + "\"score_chosen\":0.75,\"score_rejected\":0.5}",
            "{\"prompt\":\"1.0 0.2\",\"chosen\":\"No. 1.0\",\"rejected\":\"Yes. 0.2\","
                + "\"score_chosen\":1.0,\"score_rejected\":0.2}");
    assertThat(read())
        .hasSize(3)
        .contains(PreferencePair.of(Prompt.text("1.0 0.2"), "No. 1.0", "Yes. 0.2"));
  }

  @Test
  void dropsPairsOfOneTextAndKeepsAllOthersUnfiltered() {
    PairCounts counts =
        PreferencePairs.unfiltered()
            .build(
                prompts("a b", "c d").iterator(),
                prompt -> Answer.of("c"),
                SaferReference.answering(prompt -> word(prompt, 0)),
                file);
    assertThat(counts).isEqualTo(new PairCounts(1, 1, 0, 0, 0, 0));
    assertThat(lines(file))
        .containsExactly("{\"prompt\":\"a b\",\"chosen\":\"a\",\"rejected\":\"c\"}");
  }

  @Test
  void continuesFromWhereverItWasCutOff() throws IOException {
    build(CANDIDATES);
    Path journal = folder.resolve("pairs.jsonl.journal");
    List<String> pairs = lines(file);
    List<String> decisions = lines(journal);
    int states = 0;
    int kept = 0;
    for (int line = 0; line < decisions.size(); line++) {
      boolean keeps = decisions.get(line).contains("KEPT");
      // Cut off while the pair was written, before its decision was.
      for (int cut = 0; keeps && cut <= pairs.get(kept).length() + 1; cut += 3) {
        states += resumes(journal, decisions, line, 0, pairs, kept, cut);
      }
      kept += keeps ? 1 : 0;
      // Cut off while the decision was written.
      for (int cut = 0; cut <= decisions.get(line).length() + 1; cut += 3) {
        states += resumes(journal, decisions, line, cut, pairs, kept, 0);
      }
    }
    assertThat(states).isGreaterThan(100);
  }

  /** Lays down so many whole lines and part of the next, builds, and finds what there was. */
  private int resumes(
      Path journal,
      List<String> decisions,
      int wholeDecisions,
      int decisionCut,
      List<String> pairs,
      int wholePairs,
      int pairCut)
      throws IOException {
    Files.writeString(journal, beginning(decisions, wholeDecisions, decisionCut));
    Files.writeString(file, beginning(pairs, wholePairs, pairCut));
    assertThat(build(CANDIDATES)).isEqualTo(new PairCounts(3, 0, 2, 1, 0, 1));
    assertThat(lines(file)).isEqualTo(pairs);
    assertThat(lines(journal)).isEqualTo(decisions);
    return 1;
  }

  @Test
  void continuesWhereALossOfPowerTookTheEndOfOneFile() throws IOException {
    build(CANDIDATES);
    Path journal = folder.resolve("pairs.jsonl.journal");
    List<String> pairs = lines(file);
    List<String> decisions = lines(journal);
    for (int whole = 0; whole < pairs.size(); whole++) {
      resumes(journal, decisions, decisions.size(), 0, pairs, whole, 0);
      resumes(journal, decisions, decisions.size(), 0, pairs, whole, 20);
    }
    for (int whole = 1; whole < decisions.size(); whole++) {
      resumes(journal, decisions, whole, 0, pairs, pairs.size(), 0);
    }
    // Pairs of other prompts than the journal knows.
    Files.write(file, List.of(pairs.get(1), pairs.get(2)));
    assertThatThrownBy(() -> build(CANDIDATES)).hasMessageContaining("they are not the same");
    assertThat(lines(file)).hasSize(2);
    assertThat(lines(journal)).isEqualTo(decisions);
  }

  @Test
  void continuesACopyWhereALossOfPowerTookItsEnd() throws IOException {
    List<PreferencePair> pairs =
        List.of(
            PreferencePair.of(Prompt.text("p"), "good", "bad"),
            PreferencePair.of(Prompt.text("p"), "good", "other"));
    PreferencePairs.unfiltered().copy(pairs.iterator(), file);
    Files.write(file, lines(file).subList(0, 1));
    PreferencePairs.unfiltered().copy(pairs.iterator(), file);
    assertThat(read()).isEqualTo(pairs);
  }

  @Test
  void aFileOfNoPairsIsThere() {
    assertThat(build(prompts("0.1 0.0")).kept()).isZero();
    assertThat(read()).isEmpty();
    assertThatThrownBy(() -> PreferencePairs.read(folder.resolve("absent")))
        .isInstanceOf(PatchkitException.class)
        .hasMessageMatching("cannot read .*absent \\(.+\\)");
  }

  private static String beginning(List<String> lines, int whole, int cut) {
    StringBuilder text = new StringBuilder();
    for (String line : lines.subList(0, whole)) {
      text.append(line).append('\n');
    }
    if (cut > 0) {
      text.append(lines.get(whole) + "\n", 0, Math.min(cut, lines.get(whole).length() + 1));
    }
    return text.toString();
  }

  @Test
  void asksForNothingThatWasDecided() {
    build(CANDIDATES);
    List<Prompt> asked = new ArrayList<>();
    PreferencePairs pairs =
        PreferencePairs.filtered(FILTER, "last number 1", PreferencePairsTest::score);
    List<Prompt> more = new ArrayList<>(CANDIDATES);
    more.addAll(prompts("0.95 0.0"));
    PairCounts counts =
        pairs.build(
            more.iterator(),
            prompt -> {
              asked.add(prompt);
              return BASE.apply(prompt);
            },
            SAFER,
            file);
    assertThat(asked).containsExactly(Prompt.text("0.95 0.0"));
    assertThat(counts).isEqualTo(new PairCounts(4, 0, 2, 1, 0, 1));
  }

  @Test
  void asksAgainWhereAnAnswerWasCancelled() {
    List<Prompt> prompts = prompts("0.9 a", "0.8 b");
    FakeModel model = new FakeModel(FinishReason.STOP_TOKEN, (prompt, options) -> "Yes.");
    FakeModel interrupted = new FakeModel(FinishReason.CANCELLED, (prompt, options) -> "Ye");
    GenerationOptions options = GenerationOptions.defaults();
    PreferencePairs pairs = PreferencePairs.unfiltered();
    assertThatThrownBy(
            () ->
                pairs.build(
                    prompts.iterator(),
                    prompt ->
                        Answer.of(
                            (prompt.equals(prompts.get(0)) ? model : interrupted)
                                .generate(prompt, options)),
                    SAFER,
                    file))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("cancelled");
    assertThat(read()).hasSize(1);
    PairCounts counts =
        pairs.build(
            prompts.iterator(), prompt -> Answer.of(model.generate(prompt, options)), SAFER, file);
    assertThat(counts).isEqualTo(new PairCounts(2, 0, 0, 0, 0, 0));
    assertThat(model.prompts).isEqualTo(prompts);
    assertThat(read())
        .extracting(PreferencePair::rejected)
        .containsExactly(Answer.of("Yes."), Answer.of("Yes."));
  }

  @Test
  void leavesOutPromptsThatHaveNoAnswer() {
    List<Prompt> asked = new ArrayList<>();
    SaferReference safer =
        SaferReference.answering(
            prompt -> {
              asked.add(prompt);
              if (word(prompt, 0).equals("refused")) {
                throw new IllegalArgumentException("400 Bad Request");
              }
              return "No.";
            });
    Function<Prompt, Answer> base =
        prompt -> {
          if (word(prompt, 0).equals("long")) {
            throw new ContextOverflowException("9 tokens; allowed: 8");
          }
          return Answer.of("Yes.");
        };
    List<Prompt> prompts = prompts("refused", "long", "c");
    for (int run = 0; run < 2; run++) {
      assertThat(PreferencePairs.unfiltered().build(prompts.iterator(), base, safer, file))
          .isEqualTo(new PairCounts(1, 0, 0, 0, 2, 0));
    }
    assertThat(asked).isEqualTo(prompts);
    assertThat(read()).extracting(PreferencePair::prompt).containsExactly(prompts.get(2));
    SaferReference failing =
        SaferReference.answering(
            prompt -> {
              throw new PatchkitException("503 Service Unavailable");
            });
    assertThatThrownBy(
            () -> PreferencePairs.unfiltered().build(prompts("d").iterator(), base, failing, file))
        .hasMessageContaining("503");
  }

  @Test
  void namesTheLineOfAJournalThatDoesNotRead() throws IOException {
    build(CANDIDATES);
    Path journal = folder.resolve("pairs.jsonl.journal");
    List<String> decisions = lines(journal);
    for (String damaged :
        List.of(
            "{\"key\":1,\"verdict\":\"MAYBE\"}",
            "{\"key\":\"1\",\"verdict\":\"KEPT\"}",
            "{\"key\":1}",
            "{\"settings\":1}")) {
      List<String> lines = new ArrayList<>(decisions);
      lines.set(2, damaged);
      Files.write(journal, lines);
      assertThatThrownBy(() -> build(CANDIDATES))
          .as(damaged)
          .isInstanceOf(PatchkitException.class)
          .hasMessageContaining("pairs.jsonl.journal, line 3: ");
    }
  }

  @Test
  void refusesAFileBegunOtherwise() throws IOException {
    build(CANDIDATES);
    assertThatThrownBy(
            () ->
                PreferencePairs.filtered(
                        new PairFilter(0.5, 0.3), "last number 1", PreferencePairsTest::score)
                    .build(CANDIDATES.iterator(), BASE, SAFER, file))
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining(
            "was begun with PairFilter[minChosen=0.75, minMargin=0.25] scored by last number 1,")
        .hasMessageContaining("build into another file");
    assertThatThrownBy(
            () ->
                PreferencePairs.filtered(FILTER, "last number 2", PreferencePairsTest::score)
                    .build(CANDIDATES.iterator(), BASE, SAFER, file))
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("scored by last number 1, not with")
        .hasMessageContaining("go on with the filter and judge of before");
    assertThatThrownBy(() -> PreferencePairs.filtered(FILTER, " ", PreferencePairsTest::score))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("judge is blank");
    Files.writeString(file, "{}\n{}\n{}\n{}\n{}\n");
    assertThatThrownBy(() -> build(CANDIDATES))
        .hasMessageContaining("holds 5 pairs, but its journal knows 3, and they are not the same");
    Files.delete(folder.resolve("pairs.jsonl.journal"));
    assertThatThrownBy(() -> build(CANDIDATES)).hasMessageContaining("has no journal");
    assertThat(lines(file)).hasSize(5);
  }

  @Test
  void leavesAFileOfSomethingElseAsItIs() throws IOException {
    String other = "[{\"prompt\":\"a\"},{\"prompt\":\"b\"}]";
    Files.writeString(file, other);
    for (String journal : List.of("", "{\"settings\":\"Pair", "{\"key\":1}\n")) {
      Files.writeString(folder.resolve("pairs.jsonl.journal"), journal);
      assertThatThrownBy(() -> build(CANDIDATES))
          .isInstanceOf(PatchkitException.class)
          .hasMessageContaining("pairs.jsonl is not empty and has no journal");
      assertThat(file).hasBinaryContent(other.getBytes(UTF_8));
      assertThat(folder.resolve("pairs.jsonl.journal")).hasBinaryContent(journal.getBytes(UTF_8));
    }
    Files.delete(folder.resolve("pairs.jsonl.journal"));
    assertThatThrownBy(
            () -> PreferencePairs.unfiltered().copy(List.<PreferencePair>of().iterator(), file))
        .hasMessageContaining("build into another file");
    assertThat(file).hasBinaryContent(other.getBytes(UTF_8));
  }

  @Test
  void refusesScoresThatAreNone() {
    assertThatThrownBy(
            () ->
                PreferencePairs.filtered(FILTER, "none", (prompt, answer) -> Double.NaN)
                    .build(CANDIDATES.iterator(), BASE, SAFER, file))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is NaN");
  }

  @Test
  void copiesEachPairOnce() {
    Prompt prompt = Prompt.text("p");
    List<PreferencePair> pairs =
        List.of(
            PreferencePair.of(prompt, "good 1", "bad 0"),
            PreferencePair.of(prompt, "good 1", "bad 0"),
            PreferencePair.of(prompt, "good 1", "other 0.5"),
            PreferencePair.of(prompt, "good 1", "other 0.9"));
    PairCounts counts =
        PreferencePairs.filtered(FILTER, "last number 1", PreferencePairsTest::score)
            .copy(pairs.iterator(), file);
    assertThat(counts).isEqualTo(new PairCounts(2, 0, 0, 1, 0, 1));
    assertThat(read()).containsExactly(pairs.get(0), pairs.get(2));
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
