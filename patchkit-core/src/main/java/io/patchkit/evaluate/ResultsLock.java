package io.patchkit.evaluate;

import io.patchkit.PatchkitException;
import io.patchkit.format.InterprocessLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** The right to write into a folder for results: one evaluation has it. */
final class ResultsLock {

  private ResultsLock() {}

  /**
   * Does something while no other evaluation writes into the folder, which is made if it is not
   * there.
   *
   * @throws PatchkitException if another one does, or the folder cannot be used
   */
  static <T> T holding(Path folder, Supplier<T> work) {
    InterprocessLock.Held held = acquire(folder);
    try {
      return work.get();
    } finally {
      held.release();
    }
  }

  private static InterprocessLock.Held acquire(Path folder) {
    try {
      Files.createDirectories(folder);
      return new InterprocessLock(folder.toRealPath().resolve("lock")).acquire(Duration.ZERO);
    } catch (TimeoutException e) {
      throw new PatchkitException(
          "expected the results folder "
              + folder
              + " to be free, found another evaluation that writes there, in "
              + e.getMessage()
              + "; wait for its end, or name another folder",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EvaluationInterruptedException("before the first observation");
    } catch (IOException e) {
      throw new PatchkitException("cannot use the results folder " + folder + ": " + e, e);
    }
  }
}
