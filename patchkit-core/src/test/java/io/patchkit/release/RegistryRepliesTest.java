package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.RegistryException.Reason;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a registry may say in headers and small bodies, and to whom credentials are shown. */
class RegistryRepliesTest {

  private static final URI PAGE = URI.create("https://registry.example:5000/v2/a/tags/list?n=9");
  private static final String SCOPE = "repository:a:pull";

  private static void assertRefused(Reason reason, ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(RegistryException.class)
        .extracting("reason")
        .isEqualTo(reason);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  // Where a reply sends its reader

  @ParameterizedTest
  @CsvSource({
    "/x, https://registry.example:5000/x",
    "https://storage.example/x, https://storage.example/x",
    "//storage.example/x, https://storage.example/x",
  })
  void goesWhereItIsSent(String location, URI to) {
    assertThat(RegistryHttp.location(PAGE, location)).isEqualTo(to);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "file:///etc/passwd",
        "ftp://storage.example/x",
        "mailto:ann@example.org",
        "https:///x",
        "https://ann:secret@storage.example/x",
        "https://[bad/x",
        "a b"
      })
  void goesNowhereElse(String location) {
    assertRefused(Reason.MALFORMED_REPLY, () -> RegistryHttp.location(PAGE, location));
  }

  @Test
  void staysWithHttps() {
    assertRefused(
        Reason.REDIRECT_DOWNGRADE,
        () -> RegistryHttp.location(PAGE, "http://registry.example:5000/x"));
    URI plain = URI.create("http://127.0.0.1:5000/x");
    assertThat(RegistryHttp.location(plain, "http://127.0.0.1:5001/y")).hasPort(5001);
  }

  @ParameterizedTest
  @CsvSource({
    "https://registry.example:5000/x, true",
    "HTTPS://REGISTRY.EXAMPLE:5000/x, true",
    "http://registry.example:5000/x, false",
    "https://registry.example/x, false",
    "https://registry.example:5001/x, false",
    "https://registry.example.org:5000/x, false",
    "https://ann@registry.example:5000/x, false",
    "mailto:ann@example.org, false",
  })
  void isItsOwnOnlyBySchemeHostAndPort(URI uri, boolean own) {
    RegistryHttp http =
        new RegistryHttp(URI.create("https://registry.example:5000"), OciOptions.defaults());
    assertThat(http.isOwn(uri)).isEqualTo(own);
  }

  @ParameterizedTest
  @CsvSource({
    "https://registry.example, https://registry.example:443/x, true",
    "https://registry.example:443, https://registry.example/x, true",
    "http://localhost, http://localhost:80/x, true",
    "https://registry.example, https://registry.example:80/x, false",
    "http://localhost:443, http://localhost/x, false",
  })
  void aPortThatIsNotSaidIsTheSchemes(URI registry, URI uri, boolean own) {
    assertThat(new RegistryHttp(registry, OciOptions.defaults()).isOwn(uri)).isEqualTo(own);
  }

  // Lists of tags

  @Test
  void aListOfTagsIsBoundedAndGoesOnWhereItsLinkSays() {
    String json = "{\"name\":\"a\",\"tags\":[\"1.0.0\",\"latest\"]}";
    TagPage page = TagPage.parse(utf8(json), "</v2/a/tags/list?last=b>; rel=\"next\"", PAGE);
    assertThat(page.tags()).containsExactly("1.0.0", "latest");
    assertThat(page.next())
        .isEqualTo(URI.create("https://registry.example:5000/v2/a/tags/list?last=b"));
    assertThat(TagPage.parse(utf8("{\"tags\":null}"), "", PAGE).tags()).isEmpty();
    assertThat(TagPage.parse(utf8(json), "</x>; rel=\"last\"", PAGE).next()).isNull();
    assertRefused(
        Reason.MALFORMED_REPLY, () -> TagPage.parse(utf8(json), "<a b>; rel=\"next\"", PAGE));
    assertRefused(Reason.MALFORMED_REPLY, () -> TagPage.parse(utf8("[]"), "", PAGE));
    assertRefused(Reason.MALFORMED_REPLY, () -> TagPage.parse(utf8("{\"tags\":[1]}"), "", PAGE));
    byte[] most = Arrays.copyOf(utf8(json), TagPage.MAX_BYTES);
    Arrays.fill(most, json.length(), most.length, (byte) ' ');
    assertThat(TagPage.parse(most, "", PAGE).tags()).hasSize(2);
    byte[] more = Arrays.copyOf(most, most.length + 1);
    more[most.length] = ' ';
    assertRefused(Reason.MALFORMED_REPLY, () -> TagPage.parse(more, "", PAGE));
  }

  // Tokens

  @Test
  void aTokenIsVisibleAscii() {
    assertThat(RegistryLogin.token(utf8("{\"token\":\"a\",\"access_token\":\"b\"}"), PAGE))
        .isEqualTo("a");
    assertThat(RegistryLogin.token(utf8("{\"access_token\":\"b\"}"), PAGE)).isEqualTo("b");
    String longest = "x".repeat(32_768);
    assertThat(RegistryLogin.token(utf8("{\"token\":\"" + longest + "\"}"), PAGE)).hasSize(32_768);
    for (String token : List.of("", "a b", "a\\r\\nHost: evil", "\u00e9", longest + "x")) {
      assertRefused(
          Reason.MALFORMED_REPLY,
          () -> RegistryLogin.token(utf8("{\"token\":\"" + token + "\"}"), PAGE));
    }
    assertRefused(Reason.MALFORMED_REPLY, () -> RegistryLogin.token(utf8("{}"), PAGE));
    assertRefused(Reason.MALFORMED_REPLY, () -> RegistryLogin.token(utf8("no"), PAGE));
  }

  // Challenges

  @Test
  void aChallengeIsBoundedAndItsFirstParametersCount() {
    AuthChallenge challenge =
        AuthChallenge.parse("Bearer REALM=\"https://a.example/t\",realm=\"https://b.example/t\"");
    assertThat(challenge.scheme()).isEqualTo("bearer");
    assertThat(challenge.realm()).isEqualTo(URI.create("https://a.example/t"));
    assertThat(challenge.parameter("service", "none")).isEqualTo("none");
    String head = "Bearer realm=\"https://a.example/t\"";
    String longest = head + " ".repeat(8192 - head.length());
    assertThat(AuthChallenge.parse(longest).realm()).hasHost("a.example");
    assertRefused(Reason.MALFORMED_REPLY, () -> AuthChallenge.parse(longest + " "));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/t",
        "ftp://a.example/t",
        "https:///t",
        "https://ann@a.example/t",
        "https://a.example/t#f",
        "https://a example/t"
      })
  void noTokenServerIs(String realm) {
    AuthChallenge challenge = AuthChallenge.parse("Bearer realm=\"" + realm + "\"");
    assertRefused(Reason.MALFORMED_REPLY, challenge::realm);
  }

  // To whom credentials are shown. What passes the checks ends at a port where nobody listens.

  private static void answer(String registry, RegistryCredentials credentials, String challenge)
      throws Exception {
    OciOptions options =
        OciOptions.defaults()
            .withDeadline(Duration.ofSeconds(30))
            .withIdleTimeout(Duration.ofSeconds(30));
    URI base = URI.create(registry);
    new RegistryLogin(base, credentials, new RegistryHttp(base, options))
        .answer(List.of(challenge), SCOPE, Optional.empty(), new Retries(options));
  }

  private static final RegistryCredentials.Basic BASIC =
      new RegistryCredentials.Basic("ann", "secret", Set.of());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://registry.example",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "http://128.0.0.1"
      })
  void credentialsDoNotGoOverPlainHttp(String registry) {
    String basic = "Basic realm=\"r\"";
    String bearer = "Bearer realm=\"" + registry + "/t\"";
    assertRefused(Reason.INSECURE_CREDENTIALS, () -> answer(registry, BASIC, basic));
    assertRefused(Reason.INSECURE_CREDENTIALS, () -> answer(registry, BASIC, bearer));
    assertRefused(
        Reason.INSECURE_CREDENTIALS,
        () -> answer(registry, RegistryCredentials.bearer("t0k"), bearer));
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://registry.example", "http://localhost:1", "http://[::1]:1"})
  void credentialsGoOverTlsOrToThisMachine(String registry) throws Exception {
    answer(registry, BASIC, "Basic realm=\"r\"");
    answer(registry, RegistryCredentials.bearer("t0k"), "Bearer realm=\"x\"");
  }

  @Test
  void aRegistryBehindTlsHasItsTokensBehindTls() {
    assertRefused(
        Reason.REDIRECT_DOWNGRADE,
        () ->
            answer(
                "https://registry.example",
                RegistryCredentials.anonymous(),
                "Bearer realm=\"http://127.0.0.1:1/t\""));
  }

  @Test
  void credentialsGoToTokenServersOnTheRegistrysHostOrOneThatIsNamed() {
    String challenge = "Bearer realm=\"https://127.0.0.1:1/t\"";
    assertRefused(
        Reason.INSECURE_CREDENTIALS, () -> answer("https://registry.example", BASIC, challenge));
    for (ThrowingCallable allowed :
        List.<ThrowingCallable>of(
            () -> answer("https://127.0.0.1:2", BASIC, challenge),
            () -> answer("https://registry.example", BASIC.withTokenHosts("127.0.0.1"), challenge),
            () -> answer("https://registry.example", RegistryCredentials.anonymous(), challenge))) {
      assertThatThrownBy(allowed)
          .isInstanceOfSatisfying(
              Retries.Transient.class, e -> assertThat(e.reason).isEqualTo(Reason.CONNECTION));
    }
  }

  @Test
  void dockerHubsNameIsNotItsHostAndItsTokenServerNeedsNoNaming() {
    for (String name : List.of("docker.io", "index.docker.io", "registry-1.docker.io")) {
      assertThat(DockerHub.registryOf(name)).isEqualTo("registry-1.docker.io");
    }
    assertThat(DockerHub.registryOf("docker.io.example")).isEqualTo("docker.io.example");
    URI hub = URI.create("https://registry-1.docker.io");
    URI tokens = URI.create("https://auth.docker.io/token");
    assertThat(DockerHub.isTokenServerOf(hub, tokens)).isTrue();
    assertThat(DockerHub.isTokenServerOf(URI.create("https://registry.example"), tokens)).isFalse();
    assertThat(DockerHub.isTokenServerOf(hub, URI.create("https://docker.io/token"))).isFalse();
    assertRefused(
        Reason.INSECURE_CREDENTIALS,
        () ->
            answer("https://registry.example", BASIC, "Bearer realm=\"https://auth.docker.io/t\""));
  }

  /** RFC 7617's base64 of {@code ann:secret}. */
  @Test
  void aTokenServerThatIsNamedSeesTheCredentials() throws Exception {
    try (HostileRegistry server = new HostileRegistry(SignedPatches.verified("calm"))) {
      server.on("/token", HostileRegistry.ok("application/json", utf8("{\"token\":\"t0k\"}")));
      String port = server.host().split(":")[1];
      answer(
          "http://127.0.0.1:1",
          BASIC.withTokenHosts("localhost"),
          "Bearer realm=\"http://localhost:" + port + "/token\"");
      assertThat(server.requests)
          .singleElement()
          .satisfies(
              request ->
                  assertThat(request.headers())
                      .containsEntry("authorization", "Basic YW5uOnNlY3JldA=="));
    }
  }

  /** Basic joins user and secret with the first colon (RFC 7617, section 2). */
  @ParameterizedTest
  @ValueSource(strings = {"", ":", ":ann", "an:n", "ann:"})
  void noUserIs(String user) {
    assertThatThrownBy(() -> RegistryCredentials.basic(user, "a:b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("without a colon");
  }

  @Test
  void saysWhatWasShownAndNoSecret() {
    String challenge = "Negotiate realm=\"r\"";
    assertThatThrownBy(
            () -> answer("https://registry.example", RegistryCredentials.anonymous(), challenge))
        .hasMessageContainingAll("to need no credentials", "give it some");
    assertThatThrownBy(() -> answer("https://registry.example", BASIC, challenge))
        .hasMessageContainingAll("to accept Basic[user=ann, secret=***]", "check them")
        .hasMessageNotContaining("=secret");
    assertThatThrownBy(
            () -> answer("https://registry.example", RegistryCredentials.bearer("t0k"), challenge))
        .hasMessageContainingAll("to accept Bearer[token=***]", "check them")
        .hasMessageNotContaining("t0k");
  }

  @Test
  void aChallengeThatCredentialsDoNotAnswerIsRefused() throws Exception {
    assertRefused(
        Reason.UNAUTHORIZED,
        () -> answer("https://registry.example", BASIC, "Negotiate realm=\"r\""));
    assertRefused(
        Reason.UNAUTHORIZED,
        () ->
            answer(
                "https://registry.example", RegistryCredentials.anonymous(), "Basic realm=\"r\""));
    URI base = URI.create("https://registry.example");
    OciOptions options = OciOptions.defaults();
    RegistryLogin login =
        new RegistryLogin(base, RegistryCredentials.bearer("t0k"), new RegistryHttp(base, options));
    login.answer(List.of("Bearer realm=\"x\""), SCOPE, Optional.empty(), new Retries(options));
    assertThat(login.authorization(SCOPE)).contains("Bearer t0k");
    assertRefused(
        Reason.UNAUTHORIZED,
        () ->
            login.answer(
                List.of("Bearer realm=\"x\""),
                SCOPE,
                Optional.of("Bearer t0k"),
                new Retries(options)));
  }
}
