package io.patchkit.examples;

import io.patchkit.LanguageModel;
import io.patchkit.Patch;
import io.patchkit.PatchkitException;
import io.patchkit.Prefix;
import io.patchkit.train.Counterfactual;
import io.patchkit.train.Dpo;
import io.patchkit.train.Initialisation;
import io.patchkit.train.PairTokens;
import io.patchkit.train.ReferencePolicy;
import io.patchkit.train.Sft;
import io.patchkit.train.Term;
import io.patchkit.train.TrainedPatch;
import io.patchkit.train.TrainingPlan;
import io.patchkit.train.Validation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Trains the patch {@code refuse-harm} for SmolLM2-135M-Instruct: key/values of 50 virtual tokens
 * that refuse harmful requests and leave the model's answers to benign ones as they are.
 *
 * <p>First supervised fine-tuning on written refusals, while the first token of answers to benign
 * requests is held to the base model's distribution. Questions are a term of their own, since few
 * benign requests are questions and many harmful ones are. Then direct preference optimisation with
 * pairs of one token for requests of both kinds, whether the patch decides them rightly or not,
 * without a reference policy. The last state is taken. Training works on 32-bit floats; the patch
 * is for those and for the 4-bit weights of the same checkpoint.
 *
 * <p>{@code --from PATCH} starts from a patch instead of an instruction, and a stage of 0 steps is
 * left out. {@code --preference-steps N} puts a stage between both: the patched model is asked some
 * of the benign requests, and preference pairs set right what it refuses: the base model's token
 * over the refusal's, where the two part. Its state is chosen by refusals counted on a development
 * set.
 */
public final class TrainRefusalPatch {

  private static final String USAGE =
      "run TrainRefusalPatch --out DIR [--work DIR] [--seed N] [--steps N] [--preference-steps N]"
          + " [--decision-steps N] [--from PATCH] "
          + TrainingModels.USAGE;

  private static final String INSTRUCTION =
      "You are a helpful and harmless assistant. You answer every harmless request fully. If a"
          + " request would hurt people, animals or property, you say that you are sorry and that"
          + " you can't help with it, and you do nothing else.";

  private static final int LENGTH = 50;
  private static final double FIRST_TOKEN_WEIGHT = 3;
  private static final double WORDING_WEIGHT = 0.3;

  /** Of the size that the instruction's keys and values have in each layer. */
  private static final double SFT_RATE = 3e-2;

  private static final double DPO_RATE = 3e-3;

  /** Of the size that the keys and values have at the start of the stage. */
  private static final double DECISION_RATE = 1.5e-2;

  private static final double OPENING_WEIGHT = 0.4;
  private static final double QUESTION_WEIGHT = 0.3;
  private static final double REFUSAL_WEIGHT = 1.4;
  private static final double CONTINUATION_WEIGHT = 1.5;

  /** What continuations weigh beside the pairs of the third stage. */
  private static final double CONTINUATION_WEIGHT_BESIDE_DECISIONS = 2.5;

  /** What refusals weigh beside the pairs of the second stage. */
  private static final double REFUSAL_WEIGHT_BESIDE_PAIRS = 0.7;

  /** In nats⁻¹, of pairs that are one token each. */
  private static final double BETA = 1;

  /**
   * How long to train.
   *
   * @param seed of the order of the data and of what is looked at for over-refusals
   * @param steps of fine-tuning, 0 for none
   * @param preferenceSteps of the second stage, 0 for none
   * @param decisionSteps of the third stage, 0 for none
   */
  private record Stages(long seed, int steps, int preferenceSteps, int decisionSteps) {

    Stages {
      if (preferenceSteps == 0 && decisionSteps == 0) {
        throw new PatchkitException(
            "preference-steps and decision-steps are 0; expected steps of one of them, since the"
                + " first stage alone refuses too much");
      }
    }
  }

  private final TrainingBench bench;
  private final RefusalData data;

  private TrainRefusalPatch(TrainingBench bench, RefusalData data) {
    this.bench = bench;
    this.data = data;
  }

  public static void main(String... args) throws InterruptedException {
    ExampleArguments arguments =
        ExampleArguments.parse(
            USAGE,
            TrainingModels.arguments(
                "out", "work", "seed", "steps", "preference-steps", "decision-steps", "from"),
            args);
    Path out = Path.of(arguments.get("out", "refuse-harm"));
    Path work = Path.of(arguments.get("work", out + "-work"));
    String from = arguments.get("from");
    try {
      Stages stages =
          new Stages(
              Long.parseLong(arguments.get("seed", "1")),
              Integer.parseInt(arguments.get("steps", "400")),
              Integer.parseInt(arguments.get("preference-steps", "0")),
              Integer.parseInt(arguments.get("decision-steps", "500")));
      try (TrainingBench bench = TrainingBench.open(arguments, out, work)) {
        TrainRefusalPatch training = new TrainRefusalPatch(bench, RefusalData.shipped());
        Prefix prefix =
            training.train(stages, from == null ? null : Patch.load(Path.of(from)), out);
        System.out.println("development set: " + training.onDevelopment(prefix));
      }
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private Prefix train(Stages stages, @Nullable Patch from, Path out) throws IOException {
    Path firstOut = Path.of(out + "-sft");
    if (stages.steps() > 0 && Files.exists(firstOut) && Files.notExists(bench.folder("sft"))) {
      throw another(firstOut);
    }
    RefusalTerms rows =
        new RefusalTerms(bench.served(), bench.trained(), data, bench.folder("answers"));
    Initialisation start =
        from == null ? Initialisation.keyValue(INSTRUCTION, LENGTH) : Initialisation.from(from);
    if (stages.steps() > 0) {
      start = Initialisation.from(tune(stages, start, rows, firstOut));
    }
    @Nullable TrainedPatch last = null;
    if (stages.preferenceSteps() > 0) {
      last = prefer(stages, start, rows);
      start = Initialisation.from(last);
    }
    if (stages.decisionSteps() > 0) {
      last = decide(stages, start, rows);
    }
    TrainedPatch trained = Objects.requireNonNull(last, "one of the later stages has steps");
    save(trained, out);
    return trained.prefix();
  }

  /**
   * The first stage; its patch is written too, to be measured beside that of the second. Its last
   * state is the one that tells both kinds of requests apart best; counted refusals do not show it,
   * since the line between them still moves.
   */
  private TrainedPatch tune(Stages stages, Initialisation start, RefusalTerms rows, Path out)
      throws IOException {
    TrainingPlan plan =
        TrainingBench.plan(
                start,
                stages.steps(),
                SFT_RATE,
                stages.seed(),
                refusals(rows, REFUSAL_WEIGHT),
                Term.steer("wording", Sft.of(rows.refusals()), 1).withWeight(WORDING_WEIGHT),
                openings(rows, 8),
                questions(rows, 4),
                continuations(rows, 2, CONTINUATION_WEIGHT))
            .withRelativeSteps(true);
    TrainedPatch tuned = bench.trainer("sft", plan).train();
    if (Files.notExists(out)) {
      save(tuned, out);
    } else if (!TrainingBench.holds(Patch.load(out), tuned.prefix())) {
      throw another(out);
    }
    return tuned;
  }

  /** The second stage: what the patch refuses of the benign requests is set right. */
  private TrainedPatch prefer(Stages stages, Initialisation start, RefusalTerms rows)
      throws IOException {
    Prefix tuned = start.prefix(bench.trained(), stages.seed());
    List<Term> terms =
        new ArrayList<>(
            List.of(
                refusals(rows, REFUSAL_WEIGHT_BESIDE_PAIRS),
                openings(rows, 6),
                questions(rows, 3),
                continuations(rows, 1, 1)));
    List<PairTokens> overRefusals =
        new OverRefusals(bench.trained(), data).pairs(tuned, stages.seed());
    if (!overRefusals.isEmpty()) {
      terms.add(Term.preserve("comply", Dpo.of(overRefusals).withBeta(BETA), 8));
    }
    TrainingPlan plan =
        TrainingBench.plan(
                start,
                stages.preferenceSteps(),
                DPO_RATE,
                stages.seed(),
                terms.toArray(Term[]::new))
            .withValidation(Validation.every(Math.max(1, (stages.preferenceSteps() + 4) / 5)));
    return bench
        .trainer("dpo", plan)
        .withSelection("refusals on the development set", this::score)
        .train();
  }

  /** The third stage: whether there is an answer, for requests of both kinds. */
  private TrainedPatch decide(Stages stages, Initialisation start, RefusalTerms rows)
      throws IOException {
    Decisions decisions = new Decisions(bench.trained(), data, stages.seed());
    int steps = stages.decisionSteps();
    TrainingPlan plan =
        TrainingBench.plan(
                start,
                steps,
                DECISION_RATE,
                stages.seed(),
                Term.steer("refuse", decided(decisions.refuse(5 * steps)), 5).withWeight(2),
                Term.steer("refusals", Sft.of(rows.refusalOpenings()), 1).withWeight(0.5),
                Term.steer("wording", Sft.of(rows.refusals()), 1).withWeight(0.2),
                Term.preserve("answer", decided(decisions.answer(false, 9 * steps)), 9),
                Term.preserve("answer-questions", decided(decisions.answer(true, 3 * steps)), 3)
                    .withWeight(0.7),
                questions(rows, 2),
                continuations(rows, 2, CONTINUATION_WEIGHT_BESIDE_DECISIONS))
            .withRelativeSteps(true);
    return bench.trainer("decisions", plan).train();
  }

  /** Greedy decoding asks which token is ahead, not how far it has come. */
  private static Dpo decided(List<PairTokens> pairs) {
    return Dpo.of(pairs).withBeta(BETA).withReference(new ReferencePolicy.None());
  }

  /** The first stage's patch may be there only where the second was interrupted and goes on. */
  private PatchkitException another(Path out) {
    return new PatchkitException(
        out
            + " is not of the first stage in "
            + bench.folder("sft")
            + ": move it away, or name another --out, and with it --work to go on with what was"
            + " trained there");
  }

  private static Term refusals(RefusalTerms rows, double weight) throws IOException {
    Sft refusals = Sft.of(rows.refusalOpenings()).withFirstTokenWeight(FIRST_TOKEN_WEIGHT);
    return Term.steer("refusals", refusals, 5).withWeight(weight);
  }

  private static Term openings(RefusalTerms rows, int perStep) throws IOException {
    return Term.preserve("openings", Counterfactual.of(rows.openings(false)), perStep)
        .withWeight(OPENING_WEIGHT);
  }

  private static Term questions(RefusalTerms rows, int perStep) throws IOException {
    return Term.preserve("questions", Counterfactual.of(rows.openings(true)), perStep)
        .withWeight(QUESTION_WEIGHT);
  }

  private static Term continuations(RefusalTerms rows, int perStep, double weight)
      throws IOException {
    return Term.preserve("continuations", Counterfactual.of(rows.continuations()), perStep)
        .withWeight(weight);
  }

  private void save(TrainedPatch patch, Path out) {
    bench.save(
        patch,
        "refuse-harm",
        "Refuses harmful requests and leaves answers to benign ones as they are.",
        out);
  }

  /** Refusing a benign request costs twice what refusing a harmful one gains. */
  private double score(Prefix prefix) {
    DevelopmentCounts counts = onDevelopment(prefix);
    System.err.println(counts);
    return counts.harmful().share()
        - 2 * Math.max(counts.imperatives().share(), counts.questions().share());
  }

  private record DevelopmentCounts(
      RefusalCount harmful, RefusalCount imperatives, RefusalCount questions) {

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "refused: harmful %s, imperatives %s, questions %s",
          harmful,
          imperatives,
          questions);
    }
  }

  private DevelopmentCounts onDevelopment(Prefix prefix) {
    LanguageModel view = bench.through(prefix);
    List<RefusalData.Request> harmful = new ArrayList<>();
    List<RefusalData.Request> imperatives = new ArrayList<>();
    List<RefusalData.Request> questions = new ArrayList<>();
    try {
      for (RefusalData.Request request : data.development()) {
        (request.harmful() ? harmful : request.form().equals("question") ? questions : imperatives)
            .add(request);
      }
    } catch (IOException e) {
      throw new PatchkitException("cannot read the development set: " + e.getMessage(), e);
    }
    return new DevelopmentCounts(
        RefusalCount.count(view, harmful, (done, total) -> {}),
        RefusalCount.count(view, imperatives, (done, total) -> {}),
        RefusalCount.count(view, questions, (done, total) -> {}));
  }
}
