package io.patchkit.train;

import io.patchkit.Prefix;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Trains a patch for a model after a plan.
 *
 * <pre>{@code
 * TrainedPatch trained =
 *     PatchTrainer.of(model, plan).withCheckpoints(folder, 20).withListener(listener).train();
 * trained.toPatch("refuse-harm", SemanticVersion.parse("1.0.0"), Instant.now()).save(directory);
 * }</pre>
 *
 * <p>A trainer is an immutable description; each {@code with} returns another. {@link #train()}
 * runs on the calling thread and uses the model alone while it does.
 */
public final class PatchTrainer {

  private final DifferentiableModel model;
  private final TrainingPlan plan;
  private final List<TrainingListener> listeners;
  private final @Nullable Checkpoints checkpoints;
  private final @Nullable Selection selection;
  private final Clock clock;

  /** Where and how often states are stored. */
  record Checkpoints(Path directory, int everySteps) {}

  /** What chooses among states instead of the held-out loss. */
  record Selection(String name, ToDoubleFunction<Prefix> score) {}

  private PatchTrainer(
      DifferentiableModel model,
      TrainingPlan plan,
      List<TrainingListener> listeners,
      @Nullable Checkpoints checkpoints,
      @Nullable Selection selection,
      Clock clock) {
    this.model = model;
    this.plan = plan;
    this.listeners = listeners;
    this.checkpoints = checkpoints;
    this.selection = selection;
    this.clock = clock;
  }

  /**
   * A trainer that stores nothing and tells nobody.
   *
   * @param model stays the caller's, who closes it after training
   */
  public static PatchTrainer of(DifferentiableModel model, TrainingPlan plan) {
    return new PatchTrainer(
        Objects.requireNonNull(model, "model"),
        Objects.requireNonNull(plan, "plan"),
        List.of(),
        null,
        null,
        Clock.systemUTC());
  }

  /**
   * Adds a listener to those there are; every other {@code with} replaces what was given before.
   */
  public PatchTrainer withListener(TrainingListener listener) {
    List<TrainingListener> more = new ArrayList<>(listeners);
    more.add(listener);
    return new PatchTrainer(model, plan, List.copyOf(more), checkpoints, selection, clock);
  }

  /**
   * Stores the state in a folder, the last one too, and goes on from the newest one that is there,
   * to the same patch bit by bit as without the interruption where the model has the same {@link
   * DifferentiableModel#runtime}; another is warned of in the log. One training at a time may use a
   * folder.
   *
   * @param everySteps between two checkpoints, ≥ 1
   */
  public PatchTrainer withCheckpoints(Path directory, int everySteps) {
    Objects.requireNonNull(directory, "directory");
    if (everySteps < 1) {
      throw new IllegalArgumentException("everySteps is " + everySteps + "; allowed: at least 1");
    }
    return new PatchTrainer(
        model, plan, listeners, new Checkpoints(directory, everySteps), selection, clock);
  }

  /** Checkpoints, metrics and a page of curves in one run folder, every 20 steps. */
  public PatchTrainer in(RunFolder folder) {
    return withListener(folder).withCheckpoints(folder.checkpoints(), 20);
  }

  /**
   * Chooses among the states that the plan's {@link Validation} judges, and stops early, by a score
   * of the caller's: such as refusals counted on a development set, for losses hide over-refusal.
   *
   * @param name of the score, for the provenance
   * @param score higher is better; finite; the same for the same prefix
   * @throws IllegalArgumentException if the plan has no validation to say when
   */
  public PatchTrainer withSelection(String name, ToDoubleFunction<Prefix> score) {
    if (plan.validation() == null) {
      throw new IllegalArgumentException(
          "the plan has no validation, which says when to judge; give it one with"
              + " withValidation(Validation.every(steps))");
    }
    return new PatchTrainer(model, plan, listeners, checkpoints, new Selection(name, score), clock);
  }

  /** Takes the time from a clock, for speed and remaining time only. */
  public PatchTrainer withClock(Clock clock) {
    return new PatchTrainer(
        model, plan, listeners, checkpoints, selection, Objects.requireNonNull(clock, "clock"));
  }

  /**
   * Trains from the newest checkpoint, or from the beginning where there is none.
   *
   * @throws IllegalArgumentException if the start does not fit the model, the frozen positions
   *     leave nothing to train, an example is longer than the model's context behind the prefix or
   *     holds an id beyond its vocabulary, or the plan's validation has neither held-out data nor a
   *     score
   * @throws TrainingDivergedException if loss, gradient or prefix are no longer finite
   * @throws TrainingInterruptedException if the thread is interrupted
   * @throws io.patchkit.PatchkitException if checkpoints cannot be read or written, none of those
   *     that are there reads back, or they are those of another plan or version
   */
  public TrainedPatch train() {
    Validation validation = plan.validation();
    if (validation != null && validation.heldOut().isEmpty() && selection == null) {
      throw new IllegalArgumentException(
          "the plan's validation has no held-out terms and the trainer no selection; one of them is"
              + " needed to judge by");
    }
    return new TrainingRun(model, plan, listeners, checkpoints, selection, clock).train();
  }
}
