package io.patchkit.train;

import io.patchkit.Prefix;
import io.patchkit.train.PatchTrainer.Checkpoints;
import io.patchkit.train.PatchTrainer.Selection;
import io.patchkit.train.TrainedPatch.StopReason;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One training from its start or a checkpoint to its end. Used once. */
final class TrainingRun {

  private final DifferentiableModel model;
  private final TrainingPlan plan;
  private final List<TrainingListener> listeners;
  private final Clock clock;
  private final Prefix start;
  private final @Nullable Checkpoints checkpoints;
  private final @Nullable Selection selection;
  private final LossPass pass;
  private final ComputedBy here;
  private final CheckpointFolder.Training training;
  private @Nullable CheckpointFolder folder;
  private @Nullable Path lastCheckpoint;

  TrainingRun(
      DifferentiableModel model,
      TrainingPlan plan,
      List<TrainingListener> listeners,
      @Nullable Checkpoints checkpoints,
      @Nullable Selection selection,
      Clock clock) {
    this.model = model;
    this.plan = plan;
    this.listeners = listeners;
    this.clock = clock;
    this.start = TrainingStart.of(plan, model);
    TrainingExamples.requireFit(plan, start, model.shape());
    this.checkpoints = checkpoints;
    this.selection = selection;
    this.pass = new LossPass(model, plan.microBatch());
    this.here = ComputedBy.here(model);
    String criterion = criterion();
    this.training =
        new CheckpointFolder.Training(
            PlanJson.of(plan),
            String.join(" ", model.base().fingerprints()),
            criterion == null ? "" : criterion,
            plan.steps());
  }

  /** Name of what chooses among states, null where the last is taken. */
  private @Nullable String criterion() {
    return plan.validation() == null ? null : StateJudge.criterion(selection);
  }

  TrainedPatch train() {
    TrainedPatch trained;
    try {
      trained = train(startingState());
    } catch (RuntimeException | Error e) {
      if (e instanceof TrainingDivergedException diverged) {
        tell(listener -> listener.onWarning(notFinite(diverged)), e);
      }
      tell(listener -> listener.onFailure(e), e);
      throw e;
    }
    finish(trained);
    return trained;
  }

  /** Tells all listeners of the result, then throws what the first of them to fail threw. */
  private void finish(TrainedPatch trained) {
    RuntimeException failure = null;
    for (TrainingListener listener : listeners) {
      try {
        listener.onFinish(trained);
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else if (e != failure) {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Tells all listeners of a failure, which what they throw does not replace. */
  private void tell(Consumer<TrainingListener> message, Throwable failure) {
    for (TrainingListener listener : listeners) {
      try {
        message.accept(listener);
      } catch (RuntimeException | Error e) {
        if (e != failure) {
          failure.addSuppressed(e);
        }
      }
    }
  }

  private static TrainingWarning notFinite(TrainingDivergedException diverged) {
    return new TrainingWarning(
        TrainingWarning.Kind.NOT_FINITE, diverged.step(), String.valueOf(diverged.getMessage()));
  }

  private TrainedPatch train(TrainingState state) {
    BoundPlan bound = BoundPlan.bind(plan, model, state.start, selection);
    StateJudge judge = bound.judge();
    TrainingWatch watch = new TrainingWatch(plan, state.watch);
    int firstStep = state.step;
    RunClock times = new RunClock(clock, plan.steps(), judge, firstStep);
    listeners.forEach(listener -> listener.onStart(plan, firstStep));
    StopReason reason = StopReason.STEPS_DONE;
    while (true) {
      // Before the judgement, which a resumed training makes again.
      stopIfInterrupted(state);
      if (judge != null && judge.isDue(state.step, plan.steps())) {
        StateJudge.Measurement found = times.judging(() -> measure(judge, state));
        // A score under an interrupt counts what was cancelled: a resumed training takes it anew.
        stopIfInterrupted(state);
        ValidationResult result = judge.judge(state, found);
        listeners.forEach(listener -> listener.onValidation(result));
        if (judge.isOutOfPatience(state)) {
          // A resumed training judges it again, and is out of patience again.
          save(state);
          reason = StopReason.NO_IMPROVEMENT;
          break;
        }
      }
      if (state.step == plan.steps()) {
        break;
      }
      step(bound, state, watch, times);
    }
    TrainingState.Best best = state.best;
    if (best != null && best.step() == 0) {
      warn(
          new TrainingWarning(
              TrainingWarning.Kind.START_TAKEN,
              state.step,
              "expected a state with a better '"
                  + criterion()
                  + "' than the start's "
                  + best.criterion()
                  + ", found none: the result is the start; lower the learning rate, train longer,"
                  + " or look at what the score measures"));
    }
    return result(state, reason);
  }

  /** A score may throw under an interrupt, as a generation that was cancelled does. */
  private StateJudge.Measurement measure(StateJudge judge, TrainingState state) {
    try {
      return judge.measure(state, lastCheckpoint);
    } catch (RuntimeException e) {
      try {
        stopIfInterrupted(state);
      } catch (TrainingInterruptedException interrupted) {
        interrupted.addSuppressed(e);
        throw interrupted;
      }
      throw e;
    }
  }

  private TrainingState startingState() {
    if (checkpoints == null) {
      return TrainingState.initial(start, here);
    }
    CheckpointFolder opened = CheckpointFolder.open(checkpoints.directory());
    folder = opened;
    CheckpointFolder.Stored stored = opened.load(start, training, here);
    if (stored == null) {
      return TrainingState.initial(start, here);
    }
    lastCheckpoint = stored.file();
    return stored.state();
  }

  private void step(BoundPlan bound, TrainingState state, TrainingWatch watch, RunClock times) {
    Instant stepBegun = times.now();
    Prefix prefix = state.prefix();
    double[] gradient = new double[state.parameters.length];
    double[] weights = plan.terms().stream().mapToDouble(Term::weight).toArray();
    List<BatchLoss> losses = pass.losses(prefix, bound.batches(state.step), weights, gradient);
    List<TermProgress> terms = new ArrayList<>();
    double loss = 0;
    long tokens = 0;
    for (int i = 0; i < losses.size(); i++) {
      Term term = plan.terms().get(i);
      terms.add(losses.get(i).progress(term.name()));
      loss += term.weight() * losses.get(i).loss();
      tokens += losses.get(i).tokens();
    }
    int frozen = plan.frozenPositions() * (gradient.length / start.length());
    double norm = GradientClipping.norm(gradient, frozen);
    requireFinite(Double.isFinite(loss), state.step, "the loss " + loss);
    requireFinite(Double.isFinite(norm), state.step, "a gradient of norm " + norm);
    double learningRate = plan.learningRate().at(state.step, plan.steps());
    GradientClipping.clip(gradient, norm, plan.maxGradientNorm());
    plan.optimizer()
        .step(
            state.parameters,
            gradient,
            state.moments,
            state.step + 1,
            learningRate,
            bound.sizes(),
            frozen);
    requireFinite(state.isFinite(), state.step, "a prefix with numbers that are not finite");
    state.curves = curves(state, loss, terms, norm, learningRate);
    TrainingProgress progress =
        progress(state.step, loss, terms, norm, learningRate, tokens, stepBegun, times);
    listeners.forEach(listener -> listener.onStep(progress));
    watch.observe(progress).forEach(this::warn);
    state.watch = watch.memory();
    state.step++;
    // After the listeners: what a checkpoint has behind it, they have been told. The last state
    // too, before it is judged: a resumed training judges it again.
    if (checkpoints != null
        && (state.step % checkpoints.everySteps() == 0 || state.step == plan.steps())) {
      save(state);
    }
  }

  private TrainingProgress progress(
      int step,
      double loss,
      List<TermProgress> terms,
      double norm,
      double learningRate,
      long tokens,
      Instant stepBegun,
      RunClock times) {
    Instant now = times.now();
    double seconds = Duration.between(stepBegun, now).toNanos() / 1e9;
    return new TrainingProgress(
        step,
        plan.steps(),
        loss,
        terms,
        norm,
        learningRate,
        tokens,
        seconds > 0 ? tokens / seconds : 0,
        times.elapsed(now),
        times.remaining(step, now));
  }

  private void save(TrainingState state) {
    if (folder != null) {
      lastCheckpoint = folder.save(state, training);
    }
  }

  private void stopIfInterrupted(TrainingState state) {
    if (Thread.currentThread().isInterrupted()) {
      save(state);
      throw new TrainingInterruptedException(state.step, folder != null);
    }
  }

  private void requireFinite(boolean isFinite, int step, String found) {
    if (!isFinite) {
      throw new TrainingDivergedException(step, found, lastCheckpoint);
    }
  }

  private void warn(TrainingWarning warning) {
    listeners.forEach(listener -> listener.onWarning(warning));
  }

  private TrainedPatch result(TrainingState state, StopReason reason) {
    TrainingState.Best best = state.best;
    int selectedStep = best == null ? state.step : best.step();
    Prefix prefix = best == null ? state.prefix() : best.prefix();
    Map<String, String> facts = new HashMap<>(Provenance.of(plan, model, criterion()));
    state.computedBy.addTo(facts);
    facts.put("start.digest", state.start.digest());
    facts.put("steps", Integer.toString(state.step));
    facts.put("selected-step", Integer.toString(selectedStep));
    facts.put("stopped", reason.name());
    facts.put("curves.sha256", state.curves);
    return new TrainedPatch(prefix, model.base(), state.step, selectedStep, reason, facts);
  }

  private static String curves(
      TrainingState state,
      double loss,
      List<TermProgress> terms,
      double norm,
      double learningRate) {
    DataDigest digest = new DataDigest().add(state.curves).add(state.step).add(loss);
    for (TermProgress term : terms) {
      digest.add(term.loss());
    }
    return digest.add(norm).add(learningRate).hex();
  }
}
