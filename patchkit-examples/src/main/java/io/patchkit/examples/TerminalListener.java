package io.patchkit.examples;

import io.patchkit.train.TermProgress;
import io.patchkit.train.TrainingListener;
import io.patchkit.train.TrainingProgress;
import io.patchkit.train.TrainingWarning;
import io.patchkit.train.ValidationResult;
import java.io.PrintStream;
import java.util.Locale;

/** Shows a training on the terminal: a line each ten steps, and every judgement and warning. */
final class TerminalListener implements TrainingListener {

  private static final int EVERY = 10;

  private final PrintStream out;
  private final String stage;

  TerminalListener(PrintStream out, String stage) {
    this.out = out;
    this.stage = stage;
  }

  @Override
  public void onStep(TrainingProgress progress) {
    int done = progress.step() + 1;
    if (done % EVERY != 0 && done != progress.steps()) {
      return;
    }
    int filled = 24 * done / progress.steps();
    StringBuilder losses = new StringBuilder();
    for (TermProgress term : progress.terms()) {
      losses.append(String.format(Locale.ROOT, "  %s %.3f", term.name(), term.loss()));
    }
    out.printf(
        Locale.ROOT,
        "%s [%s%s] %d/%d%s  gradient %.2f  %.0f tokens/s  %d min %02d s left%n",
        stage,
        "#".repeat(filled),
        ".".repeat(24 - filled),
        done,
        progress.steps(),
        losses,
        progress.gradientNorm(),
        progress.tokensPerSecond(),
        progress.remaining().toMinutes(),
        progress.remaining().toSecondsPart());
  }

  @Override
  public void onValidation(ValidationResult result) {
    out.println(stage + " judged: " + result);
  }

  @Override
  public void onWarning(TrainingWarning warning) {
    out.println(stage + " warning: " + warning);
  }
}
