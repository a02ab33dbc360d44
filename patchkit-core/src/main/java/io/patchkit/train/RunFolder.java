package io.patchkit.train;

import io.patchkit.PatchkitException;
import io.patchkit.format.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one training: {@code metrics.jsonl}, {@code curves.html} to watch it with, {@code
 * plan.json} and {@code checkpoints/}. A training that is resumed goes on in it; one that begins
 * anew overwrites what an earlier one left.
 *
 * <p>Nothing stays open, so there is nothing to close. One training at a time.
 */
public final class RunFolder implements TrainingListener {

  /** Steps between two writings of the page, which is all of it each time. */
  private static final int PAGE_EVERY = 10;

  private final Path directory;
  private final MetricsFile metrics;
  private @Nullable RunPage page;

  /** The step that is made next. */
  private int nextStep;

  private RunFolder(Path directory) {
    this.directory = directory;
    this.metrics = new MetricsFile(directory.resolve("metrics.jsonl"));
  }

  /**
   * A run folder.
   *
   * @param directory made if there is none
   */
  public static RunFolder of(Path directory) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new PatchkitException(
          "cannot make the run folder " + directory + ": " + e.getMessage(), e);
    }
    return new RunFolder(directory);
  }

  /** Where the trainer's checkpoints go. */
  public Path checkpoints() {
    return directory.resolve("checkpoints");
  }

  /** The page of curves; written as the training goes on. */
  public Path page() {
    return directory.resolve("curves.html");
  }

  @Override
  public void onStart(TrainingPlan plan, int firstStep) {
    write(directory.resolve("plan.json"), plan.describe() + "\n");
    RunPage started = new RunPage(plan.steps());
    metrics.truncate(firstStep).forEach(started::add);
    page = started;
    nextStep = firstStep;
    write(page(), started.html(null));
  }

  @Override
  public void onStep(TrainingProgress progress) {
    RunPage current = started();
    current.add(metrics.append(progress));
    nextStep = progress.step() + 1;
    if (progress.step() % PAGE_EVERY == 0) {
      write(page(), current.html(null));
    }
  }

  @Override
  public void onValidation(ValidationResult result) {
    RunPage current = started();
    current.add(metrics.append(result));
    write(page(), current.html(null));
  }

  @Override
  public void onWarning(TrainingWarning warning) {
    RunPage current = started();
    current.add(metrics.append(warning));
    write(page(), current.html(null));
  }

  @Override
  public void onFinish(TrainedPatch trained) {
    String outcome =
        switch (trained.stopReason()) {
          case STEPS_DONE -> "done";
          case NO_IMPROVEMENT -> "stopped early";
        };
    write(
        page(),
        started().html(outcome + ", state after step " + trained.selectedStep() + " taken"));
  }

  @Override
  public void onFailure(Throwable cause) {
    if (page == null) {
      return;
    }
    String outcome = outcome(cause);
    metrics.appendFailure(nextStep, outcome);
    write(page(), page.html(outcome));
  }

  private static String outcome(Throwable cause) {
    if (cause instanceof TrainingInterruptedException) {
      return "interrupted";
    }
    // Its message is a warning already.
    return cause instanceof TrainingDivergedException
        ? "diverged"
        : "failed: "
            + (cause.getMessage() == null || cause instanceof Error ? cause : cause.getMessage());
  }

  private RunPage started() {
    if (page == null) {
      throw new IllegalStateException("no training has started in " + directory);
    }
    return page;
  }

  private static void write(Path file, String text) {
    try {
      byte[] content = text.getBytes(StandardCharsets.UTF_8);
      Uninterrupted.run(() -> AtomicFiles.writeFile(file, content));
    } catch (IOException e) {
      throw new PatchkitException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
