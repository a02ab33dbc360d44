package io.patchkit.release;

import static io.patchkit.release.HostileRegistry.OPTIONS;
import static io.patchkit.release.HostileRegistry.head;
import static io.patchkit.release.HostileRegistry.ok;
import static io.patchkit.release.HostileRegistry.status;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.RegistryException.Reason;
import io.patchkit.release.RegistryHttp.Download;
import io.patchkit.release.RegistryHttp.Reply;
import io.patchkit.release.Retries.Transient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One request: how many bytes, how long and how far it goes. */
class RegistryHttpTest {

  private HostileRegistry server;

  @BeforeEach
  void start() throws IOException {
    server = new HostileRegistry(verified("calm"));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private Reply send(String method, String path, OciOptions options, Download download)
      throws Transient {
    URI registry = URI.create("http://" + server.host());
    HttpRequest.Builder request = HttpRequest.newBuilder().method(method, BodyPublishers.noBody());
    return new RegistryHttp(registry, options)
        .send(request, registry.resolve(path), "scope", new Retries(options), download);
  }

  private Reply get(String path) throws Transient {
    return send("GET", path, OPTIONS, Download.upTo(3));
  }

  // Bytes

  private Reply body(String bytes, boolean withLength, Download download) throws Transient {
    byte[] body = bytes.getBytes(StandardCharsets.US_ASCII);
    server.on(
        "/x",
        (request, socket, out) -> {
          if (withLength) {
            head(out, "200 OK", "Content-Length: " + body.length);
          } else {
            head(out, "200 OK");
          }
          out.write(body);
        });
    return send("GET", "/x", OPTIONS, download);
  }

  @ParameterizedTest
  @CsvSource({
    "3, abc, true",
    "3, abc, false",
    "0, '', true",
    "0, '', false",
  })
  void aBodyHasTheSizeThatIsKnown(int size, String bytes, boolean withLength) throws Transient {
    assertThat(body(bytes, withLength, Download.ofSize(size)).body()).asString().isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "3, abcd, true",
    "3, abcd, false",
    "3, ab, true",
    "3, '', true",
    "0, a, true",
    "0, a, false",
  })
  void aBodyOfAnotherSizeIsRefused(int size, String bytes, boolean withLength) {
    assertThatThrownBy(() -> body(bytes, withLength, Download.ofSize(size)))
        .hasMessageContaining("expected " + size + " bytes")
        .extracting("reason")
        .isEqualTo(Reason.SIZE_MISMATCH);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aBodyIsBounded(boolean withLength) throws Transient {
    for (String bytes : List.of("", "abc")) {
      assertThat(body(bytes, withLength, Download.upTo(3)).body()).asString().isEqualTo(bytes);
    }
    assertThatThrownBy(() -> body("abcd", withLength, Download.upTo(3)))
        .hasMessageContaining("expected at most 3 bytes")
        .extracting("reason")
        .isEqualTo(Reason.TOO_LARGE);
  }

  @Test
  void readingStopsAtTheFirstByteBeyond() {
    AtomicBoolean cancelled = new AtomicBoolean();
    BoundedBody body = new BoundedBody(3);
    body.onSubscribe(
        new Flow.Subscription() {
          @Override
          public void request(long n) {}

          @Override
          public void cancel() {
            cancelled.set(true);
          }
        });
    body.onNext(List.of(ByteBuffer.wrap(new byte[3])));
    assertThat(cancelled).isFalse();
    assertThat(body.isTooLarge()).isFalse();
    body.onNext(List.of(ByteBuffer.wrap(new byte[1])));
    assertThat(cancelled).isTrue();
    assertThat(body.isTooLarge()).isTrue();
    assertThat(body.size()).isEqualTo(3);
  }

  /** A page of an error, as a load balancer makes it, is no body that anybody asked for. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLongErrorPageIsCut(boolean withLength) throws Transient {
    byte[] page = new byte[200_000];
    String[] headers = withLength ? new String[] {"Content-Length: " + page.length} : new String[0];
    server.on(
        "/x",
        (request, socket, out) -> {
          head(out, "404 Not Found", headers);
          out.write(page);
        });
    assertThat(get("/x").status()).isEqualTo(404);
    assertThat(get("/x").body()).hasSize(64 << 10);
    server.on(
        "/x",
        (request, socket, out) -> {
          head(out, "503 Later", headers);
          out.write(page);
        });
    assertThatThrownBy(() -> get("/x"))
        .isInstanceOfSatisfying(
            Transient.class, e -> assertThat(e.reason).isEqualTo(Reason.SERVER_ERROR));
  }

  // Time

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD"})
  void aReplyThatDoesNotBeginStalls(String method) {
    server.on("/x", (request, socket, out) -> socket.getInputStream().read());
    OciOptions options = OPTIONS.withIdleTimeout(Duration.ofMillis(200));
    assertThatThrownBy(() -> send(method, "/x", options, Download.upTo(3)))
        .isInstanceOfSatisfying(
            Transient.class, e -> assertThat(e.reason).isEqualTo(Reason.STALLED));
  }

  /** What is sent there takes its time, and the reply comes after it. */
  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT"})
  void whatSendsBytesDoesNotStall(String method) throws Transient {
    server.on(
        "/x",
        (request, socket, out) -> {
          Thread.sleep(600);
          status("201 Created").reply(request, socket, out);
        });
    OciOptions options = OPTIONS.withIdleTimeout(Duration.ofMillis(200));
    assertThat(send(method, "/x", options, Download.upTo(3)).status()).isEqualTo(201);
  }

  @Test
  void whatTakesUntilTheDeadlineIsLateAndNotStalled() {
    server.on("/x", (request, socket, out) -> socket.getInputStream().read());
    OciOptions options = OPTIONS.withDeadline(Duration.ofMillis(300));
    assertThatThrownBy(() -> send("GET", "/x", options, Download.upTo(3)))
        .isInstanceOf(RegistryException.class)
        .extracting("reason")
        .isEqualTo(Reason.DEADLINE);
  }

  @Test
  void anInterruptedThreadStaysInterrupted() {
    Thread caller = Thread.currentThread();
    server.on(
        "/x",
        (request, socket, out) -> {
          caller.interrupt();
          socket.getInputStream().read();
        });
    try {
      assertThatThrownBy(() -> get("/x"))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("interrupted");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  // Redirects

  @Test
  void fiveRedirectsAreFollowedAndNotSix() throws Transient {
    for (int i = 0; i < 6; i++) {
      server.on("/" + i, status("302 There", "Location: /" + (i + 1)));
    }
    server.on("/6", ok("text/plain", "end".getBytes(StandardCharsets.US_ASCII)));
    assertThat(get("/1").body()).asString().isEqualTo("end");
    assertThatThrownBy(() -> get("/0")).extracting("reason").isEqualTo(Reason.REDIRECT_REFUSED);
  }
}
