package io.patchkit.train;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonDecimal;
import io.patchkit.format.JsonObject;
import io.patchkit.train.TrainingWarning.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Looks at every step for signs that a training goes wrong. Not thread-safe. */
final class TrainingWatch {

  /** Steps after which margins at zero are no longer the start of a training. */
  static final int STUCK_STEPS = 10;

  /** A margin below this is zero: a sum over an answer's tokens in floats is no more exact. */
  private static final double NO_MARGIN = 1e-4;

  /** Steps whose mean loss is compared, so that one batch is not taken for a trend. */
  static final int WINDOW = 20;

  /** By what share, and by how many nats, a mean loss may exceed the lowest one. */
  private static final double RISE = 0.15;

  private static final double RISE_NATS = 0.02;

  /**
   * How many standard errors of the difference it must exceed too: the lowest of many means is low
   * by chance.
   */
  private static final double STANDARD_ERRORS = 4;

  private final Map<String, Integer> stepsWithoutMargin = new TreeMap<>();
  private final Map<String, Window> preserved = new TreeMap<>();

  /**
   * A watch over a plan's terms.
   *
   * @param memory what an earlier watch has seen, see {@link #memory}; empty for nothing
   */
  TrainingWatch(TrainingPlan plan, JsonObject memory) {
    for (Term term : plan.terms()) {
      JsonObject losses = memory.optionalObject("losses." + term.name());
      if (term.purpose() == Term.Purpose.PRESERVE) {
        preserved.put(term.name(), losses == null ? new Window() : Window.of(losses));
      }
      Integer steps = memory.optionalInteger("margins." + term.name(), 0, Integer.MAX_VALUE);
      if (steps != null) {
        stepsWithoutMargin.put(term.name(), steps);
      }
    }
  }

  /** What was seen so far: a resumed training warns as one that was not cut off. */
  JsonObject memory() {
    JsonObject.Builder memory = JsonObject.builder();
    stepsWithoutMargin.forEach((term, steps) -> memory.put("margins." + term, steps));
    preserved.forEach((term, window) -> memory.put("losses." + term, window.memory()));
    return memory.build();
  }

  /**
   * What is to be said of a step. A rise of a preserved loss is said when it begins and whenever it
   * has doubled, margins that stay at zero once.
   */
  List<TrainingWarning> observe(TrainingProgress progress) {
    List<TrainingWarning> warnings = new ArrayList<>();
    for (TermProgress term : progress.terms()) {
      PreferenceProgress preference = term.preference();
      Window window = preserved.get(term.name());
      if (preference != null) {
        observeMargin(progress.step(), term.name(), preference.margin(), warnings);
      }
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
    private double lowest = Double.MAX_VALUE;

    /** The variance of the losses that had the lowest mean. */
    private double lowestVariance;

    /** By how much the mean was above the lowest when that was last said. */
    private double warnedRise;

    static Window of(JsonObject memory) {
      Window window = new Window();
      JsonArray losses = memory.array("losses");
      for (int i = 0; i < losses.size(); i++) {
        window.losses.addLast(losses.number(i, -Double.MAX_VALUE, Double.MAX_VALUE));
      }
      window.lowest = memory.number("lowest", -Double.MAX_VALUE, Double.MAX_VALUE);
      window.lowestVariance = memory.number("lowestVariance", 0, Double.MAX_VALUE);
      window.warnedRise = memory.number("warnedRise", -Double.MAX_VALUE, Double.MAX_VALUE);
      return window;
    }

    JsonObject memory() {
      List<JsonDecimal> numbers = new ArrayList<>();
      losses.forEach(loss -> numbers.add(new JsonDecimal(loss)));
      return JsonObject.builder()
          .put("losses", JsonArray.of(numbers))
          .put("lowest", lowest)
          .put("lowestVariance", lowestVariance)
          .put("warnedRise", warnedRise)
          .build();
    }

    boolean hasRisen(double loss) {
      losses.addLast(loss);
      if (losses.size() > WINDOW) {
        losses.removeFirst();
      }
      if (losses.size() < WINDOW) {
        return false;
      }
      double mean = mean();
      double variance = variance(mean);
      if (mean < lowest) {
        lowest = mean;
        lowestVariance = variance;
        warnedRise = 0;
      }
      double rise = mean - lowest;
      double standardError = Math.sqrt((variance + lowestVariance) / WINDOW);
      boolean risen =
          rise > Math.max(RISE_NATS, RISE * Math.abs(lowest))
              && rise > STANDARD_ERRORS * standardError
              && rise > 2 * warnedRise;
      if (risen) {
        warnedRise = rise;
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

    private double variance(double mean) {
      double sum = 0;
      for (double loss : losses) {
        sum += (loss - mean) * (loss - mean);
      }
      return sum / (losses.size() - 1);
    }
  }
}
