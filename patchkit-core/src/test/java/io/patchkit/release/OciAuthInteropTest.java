package io.patchkit.release;

import static io.patchkit.release.SignedPatches.CLOCK;
import static io.patchkit.release.SignedPatches.POLICY;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's docker-registry on loopback that lets in only whom it knows. */
class OciAuthInteropTest {

  private static final String USER = TokenServer.USER;
  private static final String SECRET = TokenServer.SECRET;

  /** {@code htpasswd -nbB ann 'correct horse'}. */
  private static final String HTPASSWD =
      "ann:$2y$05$kJ3z8Yw1mQ4nR7tV0xB2Zun.pKs4GWqySHYTIL4OkpNESjex/YTri\n";

  private static final OciOptions OPTIONS =
      OciOptions.defaults()
          .withPlainHttp(true)
          .withAttempts(2)
          .withFirstPause(Duration.ofMillis(10))
          .withDeadline(Duration.ofSeconds(60));

  @TempDir Path temporary;
  private final VerifiedPatch patch = verified("calm", "1.2.0");

  private static OciRegistry open(DockerRegistry server, RegistryCredentials credentials) {
    return OciRegistry.open(server.host + "/patches", OPTIONS.withCredentials(credentials));
  }

  private void assertPublishesAndPulls(OciRegistry registry) {
    Release release = registry.publish(patch);
    assertThat(registry.list("calm")).hasToString("[1.2.0]");
    PulledPatch pulled = registry.pull(release);
    assertThat(pulled.verify(POLICY, CLOCK).identity()).isEqualTo(patch.identity());
  }

  /** Refused for the credentials, with a message that says which and never shows the secret. */
  private static void assertUnauthorized(String which, ThrowingCallable action) {
    RegistryException refused = catchThrowableOfType(RegistryException.class, action);
    assertThat(refused).isNotNull();
    assertThat(refused.reason()).as(refused.getMessage()).isEqualTo(Reason.UNAUTHORIZED);
    assertThat(refused.getMessage()).contains(which).doesNotContain(SECRET, "wrong");
  }

  @Test
  void basic() throws Exception {
    Path passwords = Files.writeString(temporary.resolve("htpasswd"), HTPASSWD);
    String auth = "{htpasswd: {realm: test, path: %s}}".formatted(passwords);
    try (DockerRegistry server = DockerRegistry.serve(temporary, auth, "{}")) {
      assertPublishesAndPulls(open(server, RegistryCredentials.basic(USER, SECRET)));

      OciRegistry wrong = open(server, RegistryCredentials.basic(USER, "wrong"));
      OciRegistry unknown = open(server, RegistryCredentials.basic("eve", SECRET));
      OciRegistry nobody = open(server, RegistryCredentials.anonymous());
      assertUnauthorized("user=ann", () -> wrong.list("calm"));
      assertUnauthorized("user=ann", () -> wrong.publish(verified("calm", "2.0.0")));
      assertUnauthorized("user=eve", () -> unknown.list("calm"));
      assertUnauthorized("no credentials", () -> nobody.list("calm"));
      assertUnauthorized("no credentials", () -> nobody.publish(verified("calm", "2.0.0")));
    }
  }

  @Test
  void token() throws Exception {
    TestCertificate certificate = TestCertificate.make(temporary);
    try (TokenServer tokens = new TokenServer(certificate);
        DockerRegistry server = serve(tokens, certificate)) {
      assertPublishesAndPulls(open(server, RegistryCredentials.basic(USER, SECRET)));
      assertThat(tokens.scopes)
          .contains("repository:patches/calm:pull")
          .anyMatch(scope -> scope.contains("push"));

      OciRegistry reader = open(server, RegistryCredentials.basic(TokenServer.READER, SECRET));
      assertThat(reader.list("calm")).hasToString("[1.2.0]");
      assertUnauthorized("user=bob", () -> reader.publish(verified("calm", "2.0.0")));

      OciRegistry wrong = open(server, RegistryCredentials.basic(USER, "wrong"));
      OciRegistry nobody = open(server, RegistryCredentials.anonymous());
      OciRegistry forged = open(server, RegistryCredentials.bearer("e30.e30.AAAA"));
      assertUnauthorized("user=ann", () -> wrong.list("calm"));
      assertUnauthorized("no credentials", () -> nobody.list("calm"));
      assertUnauthorized("token=***", () -> forged.list("calm"));
    }
  }

  /** The registry trusts another certificate than the one whose key signs. */
  @Test
  void tokensOfAStrangerAreRefused() throws Exception {
    try (TokenServer tokens = new TokenServer(TestCertificate.make(temporary));
        DockerRegistry server = serve(tokens, TestCertificate.make(temporary))) {
      OciRegistry registry = open(server, RegistryCredentials.basic(USER, SECRET));
      assertUnauthorized("user=ann", () -> registry.list("calm"));
    }
  }

  private DockerRegistry serve(TokenServer tokens, TestCertificate trusted) throws Exception {
    Path bundle = trusted.writeCertificate(temporary.resolve("trusted.pem"));
    String auth =
        "{token: {realm: '%s', service: test, issuer: patchkit-test, rootcertbundle: %s}}"
            .formatted(tokens.realm(), bundle);
    return DockerRegistry.serve(temporary, auth, "{}");
  }

  @Test
  void basicOverTlsWithACertificateOfItsOwn() throws Exception {
    TestCertificate certificate = TestCertificate.make(temporary);
    String tls =
        "{certificate: %s, key: %s}"
            .formatted(
                certificate.writeCertificate(temporary.resolve("server.pem")),
                certificate.writeKey(temporary.resolve("server.key")));
    Path passwords = Files.writeString(temporary.resolve("htpasswd"), HTPASSWD);
    String auth = "{htpasswd: {realm: test, path: %s}}".formatted(passwords);
    try (DockerRegistry server = DockerRegistry.serve(temporary, auth, tls)) {
      OciOptions options =
          OPTIONS.withPlainHttp(false).withCredentials(RegistryCredentials.basic(USER, SECRET));
      assertPublishesAndPulls(
          OciRegistry.open(
              server.host + "/patches", options.withSslContext(certificate.context())));
      OciRegistry untrusting = OciRegistry.open(server.host + "/patches", options);
      assertThat(catchThrowableOfType(RegistryException.class, () -> untrusting.list("calm")))
          .extracting("reason")
          .isEqualTo(Reason.CONNECTION);
    }
  }
}
