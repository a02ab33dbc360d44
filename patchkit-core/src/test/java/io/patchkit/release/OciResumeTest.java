package io.patchkit.release;

import static io.patchkit.release.HostileRegistry.OPTIONS;
import static io.patchkit.release.HostileRegistry.head;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.HostileRegistry.Handler;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Downloads that break off, and how they go on. */
class OciResumeTest {

  private final VerifiedPatch patch = verified("calm");
  private HostileRegistry server;

  @BeforeEach
  void start() throws IOException {
    server = new HostileRegistry(patch);
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private PulledPatch pull(OciOptions options) {
    return OciRegistry.open(server.host(), options).pull(server.release);
  }

  private void assertPulls(OciOptions options) {
    assertThat(pull(options).files().digests()).isEqualTo(patch.files().digests());
  }

  private void assertRefused(OciOptions options, Reason reason) {
    assertThatThrownBy(() -> pull(options))
        .isInstanceOf(RegistryException.class)
        .extracting("reason")
        .isEqualTo(reason);
  }

  private void onWeights(Handler handler) {
    server.on(server.blob(server.weights.digest()), handler);
  }

  private byte[] weights() {
    return patch.files().content("adapter_model.safetensors");
  }

  /** What part of the weights each request asked for, null where it asked for the whole. */
  private List<String> ranges() {
    return server.requests.stream()
        .filter(request -> request.path().equals(server.blob(server.weights.digest())))
        .map(request -> request.headers().get("range"))
        .toList();
  }

  @Test
  void goesOnWhereATruncatedDownloadStopped() {
    byte[] bytes = weights();
    AtomicInteger calls = new AtomicInteger();
    onWeights(
        (request, socket, out) -> {
          String range = request.headers().get("range");
          int from =
              range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-.*", "$1"));
          String length = "Content-Length: " + (bytes.length - from);
          if (range == null) {
            head(out, "200 OK", length);
          } else {
            head(
                out,
                "206 Partial Content",
                length,
                "Content-Range: bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
          }
          int count = calls.incrementAndGet() < 3 ? 50 : bytes.length - from;
          out.write(bytes, from, count);
        });
    assertPulls(OPTIONS);
    assertThat(calls.get()).isEqualTo(3);
    assertThat(ranges())
        .containsExactly(null, "bytes=50-" + (bytes.length - 1), "bytes=100-" + (bytes.length - 1));
  }

  @Test
  void beginsAgainWhereTheServerKnowsNoRanges() {
    AtomicInteger calls = new AtomicInteger();
    onWeights(
        (request, socket, out) -> {
          head(out, "200 OK", "Content-Length: " + weights().length);
          out.write(weights(), 0, calls.incrementAndGet() < 3 ? 50 : weights().length);
        });
    assertPulls(OPTIONS);
  }

  @Test
  void refusesAnotherRangeThanTheOneAskedFor() {
    onWeights(
        (request, socket, out) -> {
          boolean first = request.headers().get("range") == null;
          head(
              out,
              first ? "200 OK" : "206 Partial Content",
              "Content-Length: " + (first ? weights().length : weights().length - 50),
              "Content-Range: bytes 0-" + (weights().length - 51) + "/" + weights().length);
          out.write(weights(), 0, 50);
        });
    assertRefused(OPTIONS, Reason.WRONG_RANGE);
  }

  @Test
  void givesUpOnADownloadThatIsAlwaysTruncated() {
    onWeights(
        (request, socket, out) -> {
          head(out, "200 OK", "Content-Length: " + weights().length);
          out.write(weights(), 0, 10);
        });
    assertRefused(OPTIONS, Reason.TRUNCATED);
    assertThat(server.count(server.blob(server.weights.digest()))).isEqualTo(3);
  }

  @Test
  void givesUpOnADownloadThatStalls() {
    onWeights(
        (request, socket, out) -> {
          head(out, "200 OK", "Content-Length: " + weights().length);
          out.flush();
          Thread.sleep(30_000);
        });
    assertRefused(OPTIONS.withIdleTimeout(Duration.ofMillis(200)), Reason.STALLED);
  }

  @Test
  void goesOnWhereAStalledDownloadStopped() {
    int last = weights().length - 1;
    onWeights(
        (request, socket, out) -> {
          if (request.headers().get("range") == null) {
            head(out, "200 OK", "Content-Length: " + weights().length);
            out.write(weights(), 0, 50);
            out.flush();
            socket.getInputStream().read();
          } else {
            head(
                out,
                "206 Partial Content",
                "Content-Length: " + (weights().length - 50),
                "Content-Range: bytes 50-" + last + "/" + weights().length);
            out.write(weights(), 50, weights().length - 50);
          }
        });
    assertPulls(OPTIONS.withIdleTimeout(Duration.ofSeconds(1)));
    assertThat(ranges()).contains("bytes=50-" + last);
  }

  /** A range that begins behind the last byte is none (RFC 9110, section 14.1.1). */
  @Test
  void beginsAgainWhereNothingButTheEndIsMissing() {
    AtomicInteger calls = new AtomicInteger();
    onWeights(
        (request, socket, out) -> {
          head(out, "200 OK", "Transfer-Encoding: chunked");
          out.write(
              (Integer.toHexString(weights().length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
          out.write(weights());
          out.write(
              (calls.incrementAndGet() < 2 ? "\r\n" : "\r\n0\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
        });
    assertPulls(OPTIONS);
    assertThat(ranges()).containsExactly(null, null);
  }
}
