package io.patchkit.release;

import static io.patchkit.release.SignedPatches.CLOCK;
import static io.patchkit.release.SignedPatches.POLICY;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Publishing to a registry in memory, which takes a blob by POST and then PUT and a manifest after
 * its blobs, as the OCI distribution specification v1.1 has it ("Pushing blobs", "Pushing
 * manifests"), and hands out tokens for scopes.
 */
class OciPublishTest {

  private static final String BLOBS = "/v2/calm/blobs/";

  private final VerifiedPatch patch = verified("calm");
  private final Map<String, byte[]> stored = new ConcurrentHashMap<>();
  private final List<String> steps = Collections.synchronizedList(new ArrayList<>());
  private final List<String> scopes = Collections.synchronizedList(new ArrayList<>());
  private HttpServer server;
  private String session = "/session/7";
  private String forbidden = "";
  private boolean wantsTokens;

  /** What the registry answers to a manifest instead, and has under its tag meanwhile. */
  private int refusal;

  private byte[] meanwhile = new byte[0];

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::reply);
    server.createContext("/token", this::token);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  private OciRegistry registry() {
    return OciRegistry.open(host(), HostileRegistry.OPTIONS);
  }

  private void reply(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String path = exchange.getRequestURI().getPath();
    String kind = path.startsWith(BLOBS) ? "blob" : path.startsWith("/v2") ? "manifest" : "session";
    String step = exchange.getRequestMethod() + " " + kind;
    steps.add(step);
    if (step.equals(forbidden)) {
      exchange.sendResponseHeaders(403, -1);
    } else if (wantsTokens && !mayDo(exchange, step)) {
      exchange
          .getResponseHeaders()
          .set("WWW-Authenticate", "Bearer realm=\"http://" + host() + "/token\"");
      exchange.sendResponseHeaders(401, -1);
    } else {
      switch (step) {
        case "POST blob" -> {
          exchange.getResponseHeaders().set("Location", session);
          exchange.sendResponseHeaders(202, -1);
        }
        case "PUT session" -> exchange.sendResponseHeaders(store(exchange, body), -1);
        case "PUT manifest" -> exchange.sendResponseHeaders(publish(exchange, body), -1);
        default -> give(exchange, path);
      }
    }
    exchange.close();
  }

  private int store(HttpExchange exchange, byte[] body) {
    String digest = Digest.of(body).oci();
    String uri = exchange.getRequestURI().toString();
    boolean good =
        uri.equals(session + (session.contains("?") ? "&" : "?") + "digest=" + digest)
            && "application/octet-stream".equals(type(exchange));
    if (good) {
      stored.put(BLOBS + digest, body);
    }
    return good ? 201 : 400;
  }

  private int publish(HttpExchange exchange, byte[] body) {
    OciManifest manifest = OciManifest.parse(body);
    List<OciDescriptor> blobs = new ArrayList<>(manifest.layers());
    blobs.add(manifest.config());
    boolean good =
        OciManifest.MEDIA_TYPE.equals(type(exchange))
            && blobs.stream().allMatch(blob -> stored.containsKey(BLOBS + blob.digest().oci()));
    if (good && refusal > 0) {
      if (meanwhile.length > 0) {
        stored.put(exchange.getRequestURI().getPath(), meanwhile);
      }
      return refusal;
    }
    if (good) {
      stored.put(exchange.getRequestURI().getPath(), body);
    }
    return good ? 201 : 400;
  }

  private static String type(HttpExchange exchange) {
    return exchange.getRequestHeaders().getFirst("Content-Type");
  }

  private void give(HttpExchange exchange, String path) throws IOException {
    byte[] bytes = stored.get(path);
    if (bytes == null) {
      exchange.sendResponseHeaders(404, -1);
    } else if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(200, -1);
    } else {
      exchange.getResponseHeaders().set("Content-Type", OciManifest.MEDIA_TYPE);
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  /** A token is the scope that it is for. */
  private static boolean mayDo(HttpExchange exchange, String step) {
    String shown = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    return shown.equals("Bearer repository:calm:pull,push")
        || (shown.equals("Bearer repository:calm:pull") && step.startsWith("GET"));
  }

  private void token(HttpExchange exchange) throws IOException {
    String query = exchange.getRequestURI().getRawQuery();
    String scope =
        URLDecoder.decode(query.replaceAll(".*scope=([^&]*).*", "$1"), StandardCharsets.UTF_8);
    scopes.add(scope);
    byte[] body = ("{\"token\":\"" + scope + "\"}").getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private long count(String step) {
    return steps.stream().filter(step::equals).count();
  }

  private int blobs() {
    Map<Digest, byte[]> content = new HashMap<>();
    OciManifest.of(patch.files(), patch.bundles(), content);
    return content.size();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/session/7", "/session/7?state=a%2Fb", "/session/7?state"})
  void whatIsPublishedIsPulledAndPublishingItAgainDoesNothing(String session) {
    this.session = session;
    Release release = registry().publish(patch);
    Digest manifest = Digest.of(stored.get("/v2/calm/manifests/1.0.0"));
    assertThat(release)
        .isEqualTo(new Release("calm", patch.patch().manifest().version(), manifest));
    assertThat(registry().pull(release).verify(POLICY, CLOCK).patch()).isEqualTo(patch.patch());
    assertThat(count("PUT session")).isEqualTo(blobs());

    steps.clear();
    assertThat(registry().publish(patch)).isEqualTo(release);
    assertThat(new TreeSet<>(steps)).containsExactly("GET manifest");
  }

  @Test
  void aBlobThatIsThereIsNotUploaded() {
    byte[] weights = patch.files().content("adapter_model.safetensors");
    stored.put(BLOBS + Digest.of(weights).oci(), weights);
    registry().publish(patch);
    assertThat(count("PUT session")).isEqualTo(blobs() - 1);
  }

  @ParameterizedTest
  @CsvSource({
    "POST blob, an upload to calm",
    "PUT session, the upload of",
    "PUT manifest, the publication of calm:1.0.0",
  })
  void aStepThatIsNotAllowedIsSaid(String step, String what) {
    forbidden = step;
    assertThatThrownBy(() -> registry().publish(patch))
        .hasMessageContainingAll(what, "no credentials", "403")
        .extracting("reason")
        .isEqualTo(Reason.UNAUTHORIZED);
    assertThat(count(step)).isEqualTo(1);
  }

  /** Such a registry refuses the second attempt, too, where the first one's answer was lost. */
  @ParameterizedTest
  @ValueSource(ints = {400, 409, 412})
  void tagsThatAreNeverOverwrittenAreLookedAt(int status) {
    Release release = registry().publish(patch);
    String path = "/v2/calm/manifests/1.0.0";
    meanwhile = stored.remove(path);
    refusal = status;
    assertThat(registry().publish(patch)).isEqualTo(release);

    stored.remove(path);
    meanwhile = "{}".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> registry().publish(patch))
        .extracting("reason")
        .isEqualTo(Reason.VERSION_TAKEN);

    stored.remove(path);
    meanwhile = new byte[0];
    assertThatThrownBy(() -> registry().publish(patch))
        .hasMessageContainingAll("the publication of calm:1.0.0", "found " + status)
        .extracting("reason")
        .isEqualTo(Reason.MALFORMED_REPLY);
  }

  /** Where the challenge names no scope. */
  @Test
  void asksForNoMoreThanItNeeds() {
    Release release = registry().publish(patch);
    wantsTokens = true;
    registry().pull(release);
    assertThat(new TreeSet<>(scopes)).containsExactly("repository:calm:pull");
    stored.clear();
    registry().publish(patch);
    assertThat(new TreeSet<>(scopes))
        .containsExactly("repository:calm:pull", "repository:calm:pull,push");
  }
}
