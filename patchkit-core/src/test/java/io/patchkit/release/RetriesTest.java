package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.release.RegistryException.Reason;
import io.patchkit.release.Retries.Transient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long the pauses between attempts are. Each has a random part, so that the cases repeat. */
class RetriesTest {

  private static final OciOptions OPTIONS = OciOptions.defaults().withAttempts(2);

  private static Transient busy(Duration wish) {
    return new Transient(Reason.SERVER_ERROR, "busy", wish);
  }

  /**
   * What comes of a failure in an interrupted thread: a pause that ends before the deadline begins,
   * and is interrupted; one that does not is not begun.
   */
  private static RegistryException afterAFailure(OciOptions options, Duration wish) {
    Retries retries = new Retries(options);
    Thread.currentThread().interrupt();
    try {
      return catchThrowableOfType(
          RegistryException.class,
          () ->
              retries.run(
                  "asking",
                  () -> {
                    throw busy(wish);
                  }));
    } finally {
      assertThat(Thread.interrupted()).as("the thread is still interrupted").isTrue();
    }
  }

  /**
   * Between a half and the whole of the first pause, or as long as the server wishes, up to 20 s.
   */
  @ParameterizedTest
  @CsvSource({
    "PT1000S, PT0S, PT1100S, CONNECTION",
    "PT1000S, PT0S, PT500S, DEADLINE",
    "PT1S, PT15S, PT18S, CONNECTION",
    "PT1S, PT15S, PT15S, DEADLINE",
    "PT1S, PT600S, PT25S, CONNECTION",
    "PT1S, PT600S, PT20S, DEADLINE",
    "PT0.000000001S, PT0S, PT10S, CONNECTION",
  })
  void aPauseEndsBeforeTheDeadlineOrIsNotBegun(
      Duration firstPause, Duration wish, Duration deadline, Reason reason) {
    OciOptions options = OPTIONS.withFirstPause(firstPause).withDeadline(deadline);
    for (int i = 0; i < 50; i++) {
      assertThat(afterAFailure(options, wish).reason()).isEqualTo(reason);
    }
  }

  @Test
  void whatIsTooLateSaysWhatItWaitedFor() {
    OciOptions options = OPTIONS.withDeadline(Duration.ofSeconds(5));
    assertThat(afterAFailure(options, Duration.ofSeconds(10)))
        .hasMessageContainingAll("within PT5S", "(busy)", "OciOptions.withDeadline")
        .hasCauseInstanceOf(Transient.class);
  }

  /** The pauses of a step whose every attempt fails, by a clock that only they move. */
  private static List<Duration> pauses(OciOptions options, LongUnaryOperator random) {
    long[] nanos = {Long.MAX_VALUE - 1}; // System.nanoTime may overflow
    List<Duration> pauses = new ArrayList<>();
    Retries retries =
        new Retries(
            options,
            () -> nanos[0],
            random,
            pause -> {
              pauses.add(pause);
              nanos[0] += pause.toNanos();
            });
    RegistryException refusal =
        catchThrowableOfType(
            RegistryException.class,
            () ->
                retries.run(
                    "asking",
                    () -> {
                      throw busy(Duration.ZERO);
                    }));
    assertThat(refusal).hasMessageContaining("asking failed " + options.attempts() + " times");
    return pauses;
  }

  private static List<Duration> millis(long... millis) {
    return Arrays.stream(millis).mapToObj(Duration::ofMillis).toList();
  }

  @Test
  void eachPauseIsTwiceTheOneBeforeAndAtLeastAHalfOfThat() {
    OciOptions options = OPTIONS.withAttempts(5).withFirstPause(Duration.ofMillis(16));
    assertThat(pauses(options, bound -> 0)).isEqualTo(millis(16, 32, 64, 128));
    assertThat(pauses(options, bound -> bound - 1)).isEqualTo(millis(8, 16, 32, 64));
  }

  @Test
  void noPauseIsLongerThanTwentySeconds() {
    OciOptions options =
        OPTIONS
            .withAttempts(5)
            .withFirstPause(Duration.ofSeconds(8))
            .withDeadline(Duration.ofHours(1));
    assertThat(pauses(options, bound -> 0)).isEqualTo(millis(8000, 16_000, 20_000, 20_000));
    assertThat(pauses(options, bound -> bound - 1)).isEqualTo(millis(4000, 8000, 10_000, 10_000));
  }
}
