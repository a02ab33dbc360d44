package io.patchkit.release;

import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.release.channel.MetadataFetcher;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A registry behind TLS, with a certificate that only those trust who are told to. */
class OciTlsTest {

  @TempDir Path temporary;
  private final VerifiedPatch patch = verified("calm");
  private final Map<String, byte[]> blobs = new HashMap<>();
  private HttpsServer server;
  private SSLContext trusting;
  private Release release;
  private String redirect = "";

  @BeforeEach
  void serve() throws Exception {
    trusting = TestCertificate.make(temporary).context();

    Map<Digest, byte[]> content = new HashMap<>();
    byte[] manifest = OciManifest.of(patch.files(), patch.bundles(), content).toBytes();
    content.forEach((digest, bytes) -> blobs.put("/v2/calm/blobs/" + digest.oci(), bytes));
    blobs.put("/v2/calm/manifests/1.0.0", manifest);
    release = new Release("calm", patch.patch().manifest().version(), Digest.of(manifest));

    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(trusting));
    server.createContext("/", this::reply);
    server.start();
  }

  private void reply(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] bytes = blobs.getOrDefault(path, new byte[0]);
    if (!redirect.isEmpty() && path.contains("/blobs/")) {
      exchange.getResponseHeaders().set("Location", redirect + path);
      exchange.sendResponseHeaders(307, -1);
    } else {
      exchange
          .getResponseHeaders()
          .set(
              "Content-Type",
              path.contains("manifests") ? OciManifest.MEDIA_TYPE : "application/octet-stream");
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
    exchange.close();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private OciRegistry registry(OciOptions options) {
    return OciRegistry.open(
        "localhost:" + server.getAddress().getPort(),
        options.withAttempts(2).withFirstPause(Duration.ofMillis(2)));
  }

  @Test
  void pullsOverTlsFromWhomItTrusts() {
    PulledPatch pulled = registry(OciOptions.defaults().withSslContext(trusting)).pull(release);
    assertThat(pulled.files().digests()).isEqualTo(patch.files().digests());
    assertThatThrownBy(() -> registry(OciOptions.defaults()).pull(release))
        .extracting("reason")
        .isEqualTo(Reason.CONNECTION);
  }

  /** A channel's metadata comes over the same TLS. */
  @Test
  void fetchesMetadataOverTlsFromWhomItTrusts() throws IOException {
    URI base = URI.create("https://localhost:" + server.getAddress().getPort() + "/channel");
    blobs.put("/channel/timestamp.json", new byte[3]);
    Duration deadline = Duration.ofSeconds(20);
    assertThat(MetadataFetcher.http(base, deadline, trusting).fetch("timestamp.json", 9))
        .hasSize(3);
    MetadataFetcher elsewhere = MetadataFetcher.http(base, deadline);
    assertThatThrownBy(() -> elsewhere.fetch("timestamp.json", 9)).isInstanceOf(IOException.class);
  }

  @Test
  void refusesARedirectFromHttpsToHttp() throws IOException {
    try (HostileRegistry plain = new HostileRegistry(patch)) {
      redirect = "http://" + plain.host();
      assertThatThrownBy(
              () -> registry(OciOptions.defaults().withSslContext(trusting)).pull(release))
          .extracting("reason")
          .isEqualTo(Reason.REDIRECT_DOWNGRADE);
      assertThat(plain.requests).isEmpty();
    }
  }
}
