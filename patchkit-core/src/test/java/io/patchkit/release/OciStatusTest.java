package io.patchkit.release;

import static io.patchkit.release.HostileRegistry.OPTIONS;
import static io.patchkit.release.HostileRegistry.head;
import static io.patchkit.release.HostileRegistry.status;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.SemanticVersion;
import io.patchkit.release.RegistryException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a reader is told of statuses other than 200. */
class OciStatusTest {

  private HostileRegistry server;

  @BeforeEach
  void start() throws IOException {
    server = new HostileRegistry(verified("calm"));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private OciRegistry registry() {
    return OciRegistry.open(server.host(), OPTIONS);
  }

  private static AbstractThrowableAssert<?, ?> assertRefused(
      Reason reason, ThrowingCallable action) {
    return assertThatThrownBy(action)
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @ParameterizedTest
  @CsvSource({
    "401 Who, UNAUTHORIZED, no credentials",
    "403 No, UNAUTHORIZED, check the credentials",
    "410 Gone, MALFORMED_REPLY, found 410",
  })
  void saysWhatWasRefused(String status, Reason reason, String text) {
    server.on("/v2/calm/tags/list", status(status));
    server.on(server.blob(server.weights.digest()), status(status));
    assertRefused(reason, () -> registry().list("calm")).hasMessageContaining(text);
    assertRefused(reason, () -> registry().pull(server.release)).hasMessageContaining(text);
    server.on(server.manifestPath(), status(status));
    assertRefused(reason, () -> registry().find("calm", server.release.version()))
        .hasMessageContaining(text);
  }

  /** What is missing may be the highest version. */
  @Test
  void aListOfTagsDoesNotEndWithAPageThatIsMissing() {
    server.on(
        "/v2/calm/tags/list",
        (request, socket, out) -> {
          byte[] tags = "{\"tags\":[\"1.0.0\"]}".getBytes(StandardCharsets.UTF_8);
          head(
              out,
              "200 OK",
              "Link: </v2/calm/tags/more>; rel=\"next\"",
              "Content-Length: " + tags.length);
          out.write(tags);
        });
    assertRefused(Reason.MALFORMED_REPLY, () -> registry().list("calm"))
        .hasMessageContainingAll("the tags of calm", "found 404");
  }

  @Test
  void aVersionThatIsNotThereIsNotFound() {
    SemanticVersion version = SemanticVersion.parse("9.0.0");
    Release release = new Release("calm", version, server.release.manifest());
    for (ThrowingCallable action :
        new ThrowingCallable[] {
          () -> registry().find("calm", version), () -> registry().pull(release)
        }) {
      assertRefused(Reason.NOT_FOUND, action)
          .hasMessageContaining("calm 9.0.0 in " + server.host());
    }
    assertThat(registry().list("other")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "../calm", "calm/../x", "Calm", "calm?x=y", "calm#"})
  void aNameIsNoPath(String name) {
    assertThatThrownBy(() -> registry().list(name)).isInstanceOf(IllegalArgumentException.class);
    assertThat(server.requests).isEmpty();
  }
}
