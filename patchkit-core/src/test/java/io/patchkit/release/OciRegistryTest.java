package io.patchkit.release;

import static io.patchkit.release.HostileRegistry.OPTIONS;
import static io.patchkit.release.HostileRegistry.head;
import static io.patchkit.release.HostileRegistry.ok;
import static io.patchkit.release.HostileRegistry.status;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.Composition;
import io.patchkit.release.HostileRegistry.Handler;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OciRegistryTest {

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

  private OciRegistry registry() {
    return OciRegistry.open(server.host(), OPTIONS);
  }

  private void assertPulls() {
    PulledPatch pulled = registry().pull(server.release);
    assertThat(pulled.verify(SignedPatches.POLICY, SignedPatches.CLOCK).patch())
        .isEqualTo(patch.patch());
  }

  private void assertRefused(Reason reason) {
    assertRefused(OPTIONS, reason);
  }

  private void assertRefused(OciOptions options, Reason reason) {
    OciRegistry registry = OciRegistry.open(server.host(), options);
    RegistryException refused =
        catchThrowableOfType(RegistryException.class, () -> registry.pull(server.release));
    assertThat(refused).isNotNull();
    assertThat(refused.reason()).as(refused.getMessage()).isEqualTo(reason);
  }

  private void onWeights(Handler handler) {
    server.on(server.blob(server.weights.digest()), handler);
  }

  private byte[] weights() {
    return patch.files().content("adapter_model.safetensors");
  }

  @Test
  void pullsWhatIsServed() {
    assertPulls();
    assertThat(registry().find("calm", server.release.version())).isEqualTo(server.release);
  }

  @Test
  void resolvesTheHighestVersionOverSeveralPagesOfTags() {
    server.on(
        "/v2/calm/tags/list",
        (request, socket, out) -> {
          boolean first = !request.path().contains("last=");
          byte[] body =
              (first
                      ? "{\"name\":\"calm\",\"tags\":[\"0.9.0\",\"latest\",\"2.0.0\"]}"
                      : "{\"name\":\"calm\",\"tags\":[\"1.0.0\",\"sha256-abc\"]}")
                  .getBytes(StandardCharsets.US_ASCII);
          head(
              out,
              "200 OK",
              "Content-Type: application/json",
              "Content-Length: " + body.length,
              first ? "Link: </v2/calm/tags/list?n=1000&last=2.0.0>; rel=\"next\"" : "X: y");
          out.write(body);
        });
    assertThat(registry().list("calm"))
        .extracting(Object::toString)
        .containsExactly("0.9.0", "1.0.0", "2.0.0");
    assertThat(registry().resolve("calm", VersionRange.parse("^1.0.0"))).isEqualTo(server.release);
    assertThatThrownBy(() -> registry().resolve("calm", VersionRange.parse("^3.0.0")))
        .extracting("reason")
        .isEqualTo(Reason.NO_MATCH);
    assertThatThrownBy(() -> registry().resolve("other", VersionRange.any()))
        .extracting("reason")
        .isEqualTo(Reason.NOT_FOUND);
  }

  // 41 to 48 of the hostile inputs

  @Test
  void refusesATagThatMoved() throws IOException {
    try (HostileRegistry other =
        new HostileRegistry(verified("calm", "1.0.0", "s", Composition.free()))) {
      server.serveManifest(other.manifest);
    }
    assertRefused(Reason.TAG_MOVED);
  }

  @Test
  void refusesAManifestThatIsNotOfThePromisedDigest() {
    server.on(
        server.manifestPath(),
        (request, socket, out) -> {
          head(
              out,
              "200 OK",
              "Content-Type: " + OciManifest.MEDIA_TYPE,
              "Docker-Content-Digest: " + Digest.of(new byte[1]).oci(),
              "Content-Length: " + server.manifest.length);
          out.write(server.manifest);
        });
    assertRefused(Reason.MANIFEST_DIGEST);
  }

  @Test
  void refusesAnAbsentBlob() {
    onWeights(status("404 Not Found"));
    assertRefused(Reason.MISSING_BLOB);
  }

  @Test
  void refusesAnIndex() {
    server.on(
        server.manifestPath(),
        ok(
            OciManifest.INDEX_TYPE,
            "{\"schemaVersion\":2,\"manifests\":[]}".getBytes(StandardCharsets.US_ASCII)));
    assertRefused(Reason.NOT_A_PATCH);
  }

  @Test
  void refusesAContentLengthThatContradictsTheManifest() {
    onWeights(ok("application/octet-stream", Arrays.copyOf(weights(), weights().length + 1)));
    assertRefused(Reason.SIZE_MISMATCH);
  }

  @Test
  void refusesMoreBytesThanTheManifestSays() {
    onWeights(
        (request, socket, out) -> {
          head(out, "200 OK", "Transfer-Encoding: chunked");
          byte[] chunk = new byte[1 << 10];
          for (int i = 0; i < 100; i++) {
            out.write("400\r\n".getBytes(StandardCharsets.US_ASCII));
            out.write(chunk);
            out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
          }
        });
    assertRefused(Reason.SIZE_MISMATCH);
  }

  @Test
  void refusesACorruptBlob() {
    byte[] corrupt = weights();
    corrupt[corrupt.length - 1] ^= 1;
    onWeights(ok("application/octet-stream", corrupt));
    assertRefused(Reason.BLOB_DIGEST);
  }

  @Test
  void refusesTenThousandLayers() {
    String layer =
        "{\"mediaType\":\"x\",\"digest\":\"" + Digest.of(new byte[0]).oci() + "\",\"size\":0}";
    String text =
        new String(server.manifest, StandardCharsets.UTF_8)
            .replaceFirst("\"layers\": \\[", "\"layers\": [" + (layer + ",").repeat(10_000));
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    server.serveManifest(bytes);
    Release release = new Release("calm", server.release.version(), Digest.of(bytes));
    assertThatThrownBy(() -> registry().pull(release))
        .extracting("reason")
        .isEqualTo(Reason.TOO_MANY_LAYERS);
  }

  @Test
  void refusesAManifestWithoutEnd() {
    server.on(
        server.manifestPath(),
        (request, socket, out) -> {
          head(out, "200 OK", "Content-Type: " + OciManifest.MEDIA_TYPE);
          byte[] bytes = new byte[1 << 16];
          for (int i = 0; i < 10_000; i++) {
            out.write(bytes);
          }
        });
    assertRefused(Reason.TOO_LARGE);
  }

  @Test
  void refusesAConfigThatIsNotPatchJson() {
    String config = Digest.of(patch.files().content("patch.json")).oci();
    String text = new String(server.manifest, StandardCharsets.UTF_8);
    byte[] bytes =
        text.replaceFirst(config, Digest.of(new byte[0]).oci()).getBytes(StandardCharsets.UTF_8);
    server.serveManifest(bytes);
    Release release = new Release("calm", server.release.version(), Digest.of(bytes));
    assertThatThrownBy(() -> registry().pull(release))
        .extracting("reason")
        .isEqualTo(Reason.CONFIG_MISMATCH);
  }

  @Test
  void refusesTitlesThatAreNoPlainNames() {
    String text = new String(server.manifest, StandardCharsets.UTF_8);
    for (String title :
        new String[] {"../x.sig", "/etc/x.sig", "a\\\\b.sig", ".x.sig", "a.sig.exe"}) {
      byte[] bytes = text.replace("signature-1.sig", title).getBytes(StandardCharsets.UTF_8);
      server.serveManifest(bytes);
      Release release = new Release("calm", server.release.version(), Digest.of(bytes));
      assertThatThrownBy(() -> registry().pull(release))
          .extracting("reason")
          .isEqualTo(Reason.MALFORMED_MANIFEST);
    }
  }

  @Test
  void refusesTagsThatGoOnElsewhere() throws IOException {
    try (HostileRegistry other = new HostileRegistry(patch)) {
      tagsThatGoOnAt("http://" + other.host() + "/v2/calm/tags/list");
      assertThatThrownBy(() -> registry().list("calm"))
          .extracting("reason")
          .isEqualTo(Reason.REDIRECT_REFUSED);
      assertThat(other.requests).isEmpty();
    }
  }

  @Test
  void refusesTagsThatNeverEnd() {
    tagsThatGoOnAt("/v2/calm/tags/list");
    for (ThrowingCallable action :
        new ThrowingCallable[] {
          () -> registry().list("calm"), () -> registry().resolve("calm", VersionRange.any())
        }) {
      server.requests.clear();
      assertThatThrownBy(action)
          .hasMessageContaining("expected at most 100 pages of tags of calm")
          .extracting("reason")
          .isEqualTo(Reason.TOO_LARGE);
      assertThat(server.requests).hasSize(100);
    }
  }

  private void tagsThatGoOnAt(String next) {
    byte[] body = "{\"tags\":[\"1.0.0\"]}".getBytes(StandardCharsets.US_ASCII);
    server.on(
        "/v2/calm/tags/list",
        (request, socket, out) -> {
          head(
              out,
              "200 OK",
              "Content-Length: " + body.length,
              "Link: <" + next + ">; rel=\"next\"");
          out.write(body);
        });
  }

  // Publishing

  @Test
  void uploadsNothingToAnotherHost() throws IOException {
    server.on(server.manifestPath(), status("404 Not Found"));
    for (String name : patch.files().digests().keySet()) {
      server.on(
          server.blob(new Digest(patch.files().digests().get(name))), status("404 Not Found"));
    }
    try (HostileRegistry other = new HostileRegistry(patch)) {
      String session = "Location: http://" + other.host() + "/upload";
      for (String reply : new String[] {"202 Accepted", "307 Elsewhere"}) {
        server.on("/v2/calm/blobs/uploads/", status(reply, session));
        assertThatThrownBy(() -> registry().publish(patch))
            .extracting("reason")
            .isEqualTo(Reason.REDIRECT_REFUSED);
      }
      assertThat(other.requests).isEmpty();
    }
  }

  /** Two publish at once: the tag is the other's when it is looked at again. */
  @Test
  void aVersionThatSomebodyElseTookMeanwhileIsTaken() throws IOException {
    byte[] theirs;
    try (HostileRegistry other =
        new HostileRegistry(verified("calm", "1.0.0", "s", Composition.free()))) {
      theirs = other.manifest;
    }
    AtomicInteger puts = new AtomicInteger();
    server.on(
        server.manifestPath(),
        (request, socket, out) -> {
          Handler handler = ok(OciManifest.MEDIA_TYPE, theirs);
          if (request.method().equals("PUT")) {
            puts.incrementAndGet();
            handler = status("201 Created");
          } else if (puts.get() == 0) {
            handler = status("404 Not Found");
          }
          handler.reply(request, socket, out);
        });
    assertThatThrownBy(() -> registry().publish(patch))
        .extracting("reason")
        .isEqualTo(Reason.VERSION_TAKEN);
    assertThat(puts.get()).isPositive();
    server.on(server.manifestPath(), ok(OciManifest.MEDIA_TYPE, theirs));
    assertThatThrownBy(() -> registry().publish(patch))
        .extracting("reason")
        .isEqualTo(Reason.VERSION_TAKEN);
  }

  // The way there

  @Test
  void aTrickleEndsAtTheDeadline() {
    onWeights(
        (request, socket, out) -> {
          head(out, "200 OK", "Content-Length: " + weights().length);
          for (byte b : weights()) {
            out.write(b);
            out.flush();
            Thread.sleep(50);
          }
        });
    long start = System.nanoTime();
    assertRefused(OPTIONS.withDeadline(Duration.ofMillis(1500)), Reason.DEADLINE);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void triesAgainAfterAResetAndThenGivesUp() {
    onWeights(
        (request, socket, out) -> {
          socket.setSoLinger(true, 0);
          socket.close();
        });
    assertRefused(Reason.CONNECTION);
    assertThat(server.count(server.blob(server.weights.digest()))).isGreaterThanOrEqualTo(3);
  }

  @Test
  void triesAgainAfterServerErrors() {
    AtomicInteger calls = new AtomicInteger();
    Handler good = ok("application/octet-stream", weights());
    onWeights(
        (request, socket, out) -> {
          switch (calls.incrementAndGet()) {
            case 1 -> status("503 Busy").reply(request, socket, out);
            case 2 -> status("429 Slow", "Retry-After: 0").reply(request, socket, out);
            default -> good.reply(request, socket, out);
          }
        });
    assertPulls();
    onWeights(status("500 Broken"));
    assertRefused(Reason.SERVER_ERROR);
    onWeights(status("429 Slow"));
    assertRefused(Reason.TOO_MANY_REQUESTS);
  }

  @Test
  void aWishForMoreTimeThanTheDeadlineEndsAtOnce() {
    onWeights(status("429 Slow", "Retry-After: 600"));
    assertRefused(OPTIONS.withDeadline(Duration.ofSeconds(3)), Reason.DEADLINE);
  }

  // Redirects and credentials

  @Test
  void followsARedirectToAnotherHostWithoutCredentials() throws IOException {
    try (HostileRegistry storage = new HostileRegistry(patch)) {
      onWeights(
          status(
              "307 Elsewhere",
              "Location: http://" + storage.host() + storage.blob(server.weights.digest())));
      String manifest = server.manifestPath();
      Handler good = ok(OciManifest.MEDIA_TYPE, server.manifest);
      server.on(
          manifest,
          (request, socket, out) -> {
            Handler handler =
                request.headers().containsKey("authorization")
                    ? good
                    : status("401 Who", "WWW-Authenticate: Basic realm=\"r\"");
            handler.reply(request, socket, out);
          });
      OciOptions options = OPTIONS.withCredentials(RegistryCredentials.basic("ann", "secret"));
      OciRegistry.open(server.host(), options).pull(server.release);
      assertThat(storage.requests).hasSize(1);
      assertThat(storage.requests.get(0).headers()).doesNotContainKey("authorization");
      assertThat(server.requests)
          .anyMatch(
              request -> "Basic YW5uOnNlY3JldA==".equals(request.headers().get("authorization")));
    }
  }

  @Test
  void refusesRedirectsWithoutEnd() {
    onWeights(status("302 Round", "Location: " + server.blob(server.weights.digest())));
    assertRefused(Reason.REDIRECT_REFUSED);
  }

  @Test
  void refusesALocationThatIsNoHttp() {
    onWeights(status("302 There", "Location: file:///etc/passwd"));
    assertRefused(Reason.MALFORMED_REPLY);
  }

  @Test
  void fetchesATokenForTheScopeAndShowsItsCredentialsToNobodyElse() throws IOException {
    server.on(
        "/token",
        (request, socket, out) -> {
          assertThat(request.path()).contains("scope=repository%3Acalm%3Apull");
          ok(
                  "application/json",
                  "{\"token\":\"t0k\",\"expires_in\":60}".getBytes(StandardCharsets.US_ASCII))
              .reply(request, socket, out);
        });
    Handler good = ok(OciManifest.MEDIA_TYPE, server.manifest);
    String challenge =
        "WWW-Authenticate: Bearer realm=\"http://"
            + server.host()
            + "/token\",service=\"r\",scope=\"repository:calm:pull\"";
    server.on(
        server.manifestPath(),
        (request, socket, out) ->
            ("Bearer t0k".equals(request.headers().get("authorization"))
                    ? good
                    : status("401 Who", challenge))
                .reply(request, socket, out));
    assertPulls();

    try (HostileRegistry thief = new HostileRegistry(patch)) {
      server.on(
          server.manifestPath(),
          status(
              "401 Who",
              "WWW-Authenticate: Bearer realm=\"http://localhost:"
                  + thief.host().split(":")[1]
                  + "/token\""));
      assertRefused(
          OPTIONS.withCredentials(RegistryCredentials.basic("ann", "secret")),
          Reason.INSECURE_CREDENTIALS);
      assertThat(thief.requests).isEmpty();
    }
  }

  @Test
  void saysWhenCredentialsAreRefused() {
    server.on(server.manifestPath(), status("401 Who", "WWW-Authenticate: Basic realm=\"r\""));
    assertRefused(Reason.UNAUTHORIZED);
    assertRefused(
        OPTIONS.withCredentials(RegistryCredentials.basic("ann", "wrong")), Reason.UNAUTHORIZED);
    assertThat(RegistryCredentials.basic("ann", "wrong").toString()).doesNotContain("wrong");
  }

  @Test
  void anythingThatIsNoLocationIsRefused() {
    for (String location :
        new String[] {"", "http://x", "user@host/x", "host/UPPER", "host/../x"}) {
      assertThatThrownBy(() -> OciRegistry.open(location, OPTIONS))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
