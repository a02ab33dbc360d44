package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
    return task;
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
    FutureTask<Boolean> change = elsewhere(() -> patient.unpin(0, ANN));
    Thread.sleep(SHORT.toMillis());
    assertThat(change.isDone()).isFalse();
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
    Thread thread = new Thread(task);
    thread.start();
    Thread.sleep(SHORT.toMillis());
    thread.interrupt();
    assertThat(task.get(30, TimeUnit.SECONDS)).isTrue();
    assertThat(stayed[0]).isTrue();
    assertThat(patient.status().pins()).containsExactly(0L);

    holder.getOutputStream().close();
    assertThat(elsewhere(() -> patient.unpin(0, ANN)).get(30, TimeUnit.SECONDS)).isTrue();
  }
}
