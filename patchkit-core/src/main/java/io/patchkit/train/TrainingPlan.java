package io.patchkit.train;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything that decides what a training does: equal plans on equal models give equal patches, bit
 * by bit on one machine with the same runtime and options ({@link DifferentiableModel#runtime}).
 * Immutable; start from {@link #of} and change what you need.
 *
 * @param initialisation the prefix to start from
 * @param terms the objectives with their data, at least one, of distinct names
 * @param steps number of optimizer steps, ≥ 1
 * @param learningRate of each step
 * @param optimizer hyper-parameters of AdamW
 * @param relativeSteps whether the learning rate is a fraction of the root mean square that the
 *     numbers had at the start, taken over the keys or the values of each layer or over a whole
 *     soft prompt, instead of a length (Adafactor's relative step size, arXiv 1804.04235)
 * @param maxGradientNorm the gradient is scaled down to this Euclidean norm, above 0; infinity to
 *     never clip
 * @param frozenPositions how many of the first virtual tokens stay as they are, ≥ 0; a frozen first
 *     key/value position keeps the sink that attention rests on (Cartridges, arXiv 2506.06266)
 * @param microBatch the most rows that the engine is given at once, of whatever terms, ≥ 1;
 *     gradients of a step are accumulated over as many calls as that takes. Memory grows with it;
 *     the result does not depend on it but for rounding
 * @param seed of the data's order and of random initialisation
 * @param validation how states are judged; null to take the last state
 */
public record TrainingPlan(
    Initialisation initialisation,
    List<Term> terms,
    int steps,
    LearningRate learningRate,
    AdamW optimizer,
    boolean relativeSteps,
    double maxGradientNorm,
    int frozenPositions,
    int microBatch,
    long seed,
    @Nullable Validation validation) {

  private static final double DEFAULT_PEAK = 3e-3;
  private static final int DEFAULT_MICRO_BATCH = 4;

  public TrainingPlan {
    Objects.requireNonNull(initialisation, "initialisation");
    Objects.requireNonNull(learningRate, "learningRate");
    Objects.requireNonNull(optimizer, "optimizer");
    terms = List.copyOf(terms);
    if (terms.isEmpty()) {
      throw new IllegalArgumentException("terms is empty; allowed: at least one term");
    }
    requireDistinctNames("terms", terms);
    requireAtLeast("steps", steps, 1);
    requireAtLeast("frozenPositions", frozenPositions, 0);
    requireAtLeast("microBatch", microBatch, 1);
    if (!(maxGradientNorm > 0)) {
      throw new IllegalArgumentException(
          "maxGradientNorm is " + maxGradientNorm + "; allowed: above 0, infinity to never clip");
    }
  }

  /**
   * A plan with the defaults that have worked: cosine from 3e-3 after five steps of warm-up, no
   * weight decay, steps of equal length, gradient norm at most 1, four rows at once, seed 0, the
   * last state taken.
   */
  public static TrainingPlan of(Initialisation initialisation, int steps, Term... terms) {
    return new TrainingPlan(
        initialisation,
        List.of(terms),
        steps,
        LearningRate.cosine(DEFAULT_PEAK),
        AdamW.defaults(),
        false,
        1,
        0,
        DEFAULT_MICRO_BATCH,
        0,
        null);
  }

  public TrainingPlan withLearningRate(LearningRate learningRate) {
    return edited(draft -> draft.learningRate = learningRate);
  }

  public TrainingPlan withOptimizer(AdamW optimizer) {
    return edited(draft -> draft.optimizer = optimizer);
  }

  public TrainingPlan withRelativeSteps(boolean relativeSteps) {
    return edited(draft -> draft.relativeSteps = relativeSteps);
  }

  public TrainingPlan withMaxGradientNorm(double maxGradientNorm) {
    return edited(draft -> draft.maxGradientNorm = maxGradientNorm);
  }

  public TrainingPlan withFrozenPositions(int frozenPositions) {
    return edited(draft -> draft.frozenPositions = frozenPositions);
  }

  public TrainingPlan withMicroBatch(int microBatch) {
    return edited(draft -> draft.microBatch = microBatch);
  }

  public TrainingPlan withSeed(long seed) {
    return edited(draft -> draft.seed = seed);
  }

  public TrainingPlan withValidation(Validation validation) {
    return edited(draft -> draft.validation = validation);
  }

  /**
   * The plan as JSON text on one line, with digests in place of data. Equal plans give equal text.
   */
  public String describe() {
    return PlanJson.of(this).toString();
  }

  /** Lower-case hexadecimal SHA-256 of the UTF-8 bytes of {@link #describe()}. */
  public String digest() {
    return DataDigest.sha256(describe());
  }

  static void requireDistinctNames(String field, List<Term> terms) {
    Set<String> names = new HashSet<>();
    for (Term term : terms) {
      if (!names.add(term.name())) {
        throw new IllegalArgumentException(
            field + " has two terms named '" + term.name() + "'; allowed: distinct names");
      }
    }
  }

  private static void requireAtLeast(String field, int value, int min) {
    if (value < min) {
      throw new IllegalArgumentException(field + " is " + value + "; allowed: at least " + min);
    }
  }

  /** A copy with one thing changed, checked like any other. */
  private TrainingPlan edited(Consumer<Draft> edit) {
    Draft draft = new Draft(this);
    edit.accept(draft);
    return draft.build();
  }

  /** The fields while one of them changes. */
  private static final class Draft {
    Initialisation initialisation;
    List<Term> terms;
    int steps;
    LearningRate learningRate;
    AdamW optimizer;
    boolean relativeSteps;
    double maxGradientNorm;
    int frozenPositions;
    int microBatch;
    long seed;
    @Nullable Validation validation;

    Draft(TrainingPlan from) {
      initialisation = from.initialisation;
      terms = from.terms;
      steps = from.steps;
      learningRate = from.learningRate;
      optimizer = from.optimizer;
      relativeSteps = from.relativeSteps;
      maxGradientNorm = from.maxGradientNorm;
      frozenPositions = from.frozenPositions;
      microBatch = from.microBatch;
      seed = from.seed;
      validation = from.validation;
    }

    TrainingPlan build() {
      return new TrainingPlan(
          initialisation,
          terms,
          steps,
          learningRate,
          optimizer,
          relativeSteps,
          maxGradientNorm,
          frozenPositions,
          microBatch,
          seed,
          validation);
    }
  }
}
