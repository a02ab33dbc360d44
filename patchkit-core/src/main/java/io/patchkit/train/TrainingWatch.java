package io.patchkit.train;

import io.patchkit.train.TrainingWarning.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Looks at every step for signs that a training goes wrong. Not thread-safe. */
final class TrainingWatch {

  /** Steps after which margins at zero are no longer the start of a training. */
  static final int STUCK_STEPS = 10;

  /** A margin below this is zero. */
  private static final double NO_MARGIN = 1e-6;

  /** Steps whose mean loss is compared, so that one batch is not taken for a trend. */
  static final int WINDOW = 10;

  /** By what share, and by how much, a mean loss may exceed the lowest one. */
  private static final double RISE = 0.1;

  private static final double RISE_NATS = 0.02;

  private final Map<String, Integer> stepsWithoutMargin = new HashMap<>();
  private final Map<String, Window> preserved = new HashMap<>();

  TrainingWatch(TrainingPlan plan) {
    for (Term term : plan.terms()) {
      if (term.purpose() == Term.Purpose.PRESERVE) {
        preserved.put(term.name(), new Window());
      }
    }
  }

  /** What is to be said of a step. Each trouble is said when it begins and when it has grown. */
  List<TrainingWarning> observe(TrainingProgress progress) {
    List<TrainingWarning> warnings = new ArrayList<>();
    for (TermProgress term : progress.terms()) {
      PreferenceProgress preference = term.preference();
      if (preference != null) {
        observeMargin(progress.step(), term.name(), preference.margin(), warnings);
      }
      Window window = preserved.get(term.name());
      if (window != null && window.hasRisen(term.loss())) {
        warnings.add(
            new TrainingWarning(
                Kind.PRESERVED_LOSS_RISING,
                progress.step(),
                String.format(
                    Locale.ROOT,
                    "%s: the mean loss of %d steps rose from %.4f to %.4f; the patch begins to"
                        + " change what it should leave alone: raise this term's weight or share,"
                        + " lower the learning rate, or stop here",
                    term.name(),
                    WINDOW,
                    window.lowest,
                    window.mean())));
      }
    }
    return warnings;
  }

  private void observeMargin(int step, String term, double margin, List<TrainingWarning> warnings) {
    int steps = Math.abs(margin) < NO_MARGIN ? stepsWithoutMargin.getOrDefault(term, 0) + 1 : 0;
    stepsWithoutMargin.put(term, steps);
    if (steps == STUCK_STEPS) {
      warnings.add(
          new TrainingWarning(
              Kind.MARGINS_STUCK,
              step,
              term
                  + ": margins have been zero for "
                  + STUCK_STEPS
                  + " steps, so nothing is being learned; look whether the learning rate is above 0,"
                  + " the prefix is not frozen, and chosen and rejected differ"));
    }
  }

  /** A term's latest losses, and the lowest mean that they have had. */
  private static final class Window {

    private final Deque<Double> losses = new ArrayDeque<>();
    private double lowest = Double.POSITIVE_INFINITY;
    private double warnedAt;

    boolean hasRisen(double loss) {
      losses.addLast(loss);
      if (losses.size() > WINDOW) {
        losses.removeFirst();
      }
      if (losses.size() < WINDOW) {
        return false;
      }
      double mean = mean();
      if (mean < lowest) {
        lowest = mean;
        warnedAt = mean;
      }
      boolean risen = mean > warnedAt * (1 + RISE) && mean > warnedAt + RISE_NATS;
      if (risen) {
        warnedAt = mean;
      }
      return risen;
    }

    double mean() {
      double sum = 0;
      for (double loss : losses) {
        sum += loss;
      }
      return sum / losses.size();
    }
  }
}
