package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.format.InterprocessLock;
import io.patchkit.release.StoreException.Reason;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What waits for a lock that another process holds, and how long. */
@Timeout(60)
class StoreLockTest {

  private static final Duration SHORT = Duration.ofMillis(200);

  @TempDir Path temporary;
  private Path directory;
  private Process holder;

  /** A program that holds a lock until its input ends. */
  static final class Holder {
    private Holder() {}

    public static void main(String... args) throws IOException {
      try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        System.out.println(lock.isValid() ? "held" : "not held");
        System.out.flush();
        while (System.in.read() >= 0) {
          // Until the input ends.
        }
      }
    }
  }

  @BeforeEach
  void holdElsewhere() throws IOException {
    directory = temporary.resolve("store");
    open(SHORT).pin(0, ANN);
    holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                directory.resolve("lock").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader said =
        new BufferedReader(new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8));
    assertThat(said.readLine()).isEqualTo("held");
  }

  @AfterEach
  void end() {
    holder.destroyForcibly();
  }

  private PatchStore open(Duration lockTimeout) {
    return PatchStore.open(directory, StoreOptions.defaults().withLockTimeout(lockTimeout));
  }

  private static FutureTask<Boolean> elsewhere(Runnable change) {
    FutureTask<Boolean> task = new FutureTask<>(change, true);
    start(task);
    return task;
  }

  private static Thread start(FutureTask<Boolean> task) {
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** Returns once the thread has found the lock held elsewhere and pauses before the next try. */
  private static void awaitWaiting(Thread thread) throws InterruptedException {
    while (!isIn(thread, Thread.class, "sleep") || !isIn(thread, InterprocessLock.class, "wait")) {
      assertThat(thread.isAlive()).as("the thread waits").isTrue();
      Thread.sleep(1);
    }
  }

  private static boolean isIn(Thread thread, Class<?> type, String method) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(
            frame ->
                frame.getClassName().equals(type.getName())
                    && frame.getMethodName().startsWith(method));
  }

  private static void assertLocked(ThrowingCallable change) {
    assertThatThrownBy(change)
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.LOCKED));
  }

  @Test
  void anotherProcessKeepsAChangeOutUntilItsTimeIsOverAndReadersNever() throws Exception {
    PatchStore impatient = open(SHORT);
    long begin = System.nanoTime();
    assertLocked(() -> impatient.pin(1, ANN));
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(SHORT);
    assertThat(impatient.status().pins()).containsExactly(0L);

    holder.getOutputStream().close();
    assertThat(holder.waitFor()).isZero();
    // Whoever was refused keeps no other thread out.
    assertThat(elsewhere(() -> impatient.unpin(0, ANN)).get(30, TimeUnit.SECONDS)).isTrue();
    assertThat(impatient.status().pins()).isEmpty();
  }

  @Test
  void aLockThatAnotherProcessGivesBackIsWaitedFor() throws Exception {
    PatchStore patient = open(Duration.ofSeconds(50));
    FutureTask<Boolean> change = new FutureTask<>(() -> patient.unpin(0, ANN), true);
    awaitWaiting(start(change));
    holder.getOutputStream().close();
    assertThat(change.get(30, TimeUnit.SECONDS)).isTrue();
    assertThat(patient.status().pins()).isEmpty();
  }

  @Test
  void whoIsInterruptedWhileWaitingStaysInterruptedAndChangesNothing() throws Exception {
    PatchStore patient = open(Duration.ofSeconds(50));
    boolean[] stayed = new boolean[1];
    Runnable waiting =
        () -> {
          assertLocked(() -> patient.unpin(0, ANN));
          stayed[0] = Thread.currentThread().isInterrupted();
        };
    FutureTask<Boolean> task = new FutureTask<>(waiting, true);
    Thread thread = start(task);
    awaitWaiting(thread);
    thread.interrupt();
    assertThat(task.get(30, TimeUnit.SECONDS)).isTrue();
    assertThat(stayed[0]).isTrue();
    assertThat(patient.status().pins()).containsExactly(0L);

    holder.getOutputStream().close();
    assertThat(elsewhere(() -> patient.unpin(0, ANN)).get(30, TimeUnit.SECONDS)).isTrue();
  }
}
