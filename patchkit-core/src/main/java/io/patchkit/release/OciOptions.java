package io.patchkit.release;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * How an OCI registry is spoken to. Times are above zero and at most 365 days.
 *
 * @param credentials what it is shown
 * @param plainHttp whether http without TLS; for loopback and tests
 * @param deadline of a whole operation, with all its requests, retries and pauses
 * @param idleTimeout after which a download that brings no byte is begun again where it stopped
 * @param attempts at each step, at least 1
 * @param firstPause before the second attempt; it doubles with each further one, and a random part
 *     of at most a half is taken off
 * @param sslContext trust anchors and client keys of TLS; null for the platform's
 */
public record OciOptions(
    RegistryCredentials credentials,
    boolean plainHttp,
    Duration deadline,
    Duration idleTimeout,
    int attempts,
    Duration firstPause,
    @Nullable SSLContext sslContext) {

  /** Far more than anybody waits, and few enough nanoseconds to count. */
  private static final Duration LONGEST = Duration.ofDays(365);

  private static final OciOptions DEFAULTS =
      new OciOptions(
          RegistryCredentials.anonymous(),
          false,
          Duration.ofMinutes(5),
          Duration.ofSeconds(20),
          5,
          Duration.ofMillis(250),
          null);

  public OciOptions {
    Objects.requireNonNull(credentials, "credentials");
    requireDuration("deadline", deadline);
    requireDuration("idleTimeout", idleTimeout);
    requireDuration("firstPause", firstPause);
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts is " + attempts + "; allowed: at least 1");
    }
  }

  /** Anonymous, https, five minutes, five attempts. */
  public static OciOptions defaults() {
    return DEFAULTS;
  }

  public OciOptions withCredentials(RegistryCredentials credentials) {
    return edited(draft -> draft.credentials = credentials);
  }

  public OciOptions withPlainHttp(boolean plainHttp) {
    return edited(draft -> draft.plainHttp = plainHttp);
  }

  public OciOptions withDeadline(Duration deadline) {
    return edited(draft -> draft.deadline = deadline);
  }

  public OciOptions withIdleTimeout(Duration idleTimeout) {
    return edited(draft -> draft.idleTimeout = idleTimeout);
  }

  public OciOptions withAttempts(int attempts) {
    return edited(draft -> draft.attempts = attempts);
  }

  public OciOptions withFirstPause(Duration firstPause) {
    return edited(draft -> draft.firstPause = firstPause);
  }

  public OciOptions withSslContext(SSLContext sslContext) {
    return edited(draft -> draft.sslContext = sslContext);
  }

  private OciOptions edited(Consumer<Draft> edit) {
    Draft draft = new Draft(this);
    edit.accept(draft);
    return draft.build();
  }

  /** The fields while one of them changes. */
  private static final class Draft {
    RegistryCredentials credentials;
    boolean plainHttp;
    Duration deadline;
    Duration idleTimeout;
    int attempts;
    Duration firstPause;
    @Nullable SSLContext sslContext;

    Draft(OciOptions from) {
      credentials = from.credentials;
      plainHttp = from.plainHttp;
      deadline = from.deadline;
      idleTimeout = from.idleTimeout;
      attempts = from.attempts;
      firstPause = from.firstPause;
      sslContext = from.sslContext;
    }

    OciOptions build() {
      return new OciOptions(
          credentials, plainHttp, deadline, idleTimeout, attempts, firstPause, sslContext);
    }
  }

  private static void requireDuration(String field, Duration value) {
    if (value.isNegative() || value.isZero() || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          field + " is " + value + "; allowed: above zero, at most " + LONGEST);
    }
  }
}
