package io.patchkit.release;

import static io.patchkit.release.HostileRegistry.OPTIONS;
import static io.patchkit.release.HostileRegistry.status;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.PatchkitException;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryCredentialsTest {

  @TempDir Path folder;

  private static void assertRefusedSilently(ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("; allowed: ")
        .hasMessageNotContaining("geheim");
  }

  @ParameterizedTest
  @ValueSource(strings = {"geheim\n", "\ngeheim", "geh eim", "geheim\u00fc", ""})
  void aTokenThatNoHeaderCanHoldIsRefusedWithoutBeingShown(String token) {
    assertRefusedSilently(() -> RegistryCredentials.bearer(token));
  }

  @Test
  void aUserOrSecretThatNoHeaderCanHoldIsRefusedWithoutBeingShown() {
    assertRefusedSilently(() -> RegistryCredentials.basic("ann:geheim", "geheim"));
    assertRefusedSilently(() -> RegistryCredentials.basic("ann\n", "geheim"));
    assertRefusedSilently(() -> RegistryCredentials.basic("ann", "geheim\r\n"));
    assertThat(RegistryCredentials.basic("ann", "").secret()).isEmpty();
  }

  private RegistryCredentials docker(String location, String... lines) throws IOException {
    Path file = Files.write(folder.resolve("config.json"), List.of(lines));
    return DockerConfig.credentials(file, location);
  }

  /** Base64 of {@code ann:se:cret}. */
  @ParameterizedTest
  @CsvSource({
    "registry.example/team, registry.example",
    "registry.example:5000, registry.example:5000",
    "registry.example, https://registry.example/v2/",
    "docker.io/acme, https://index.docker.io/v1/",
  })
  void findsWhatDockerLoginKeeps(String location, String key) throws IOException {
    String config =
        "{\"HttpHeaders\": {}, \"credsStore\": \"desktop\", \"auths\": {\"other.example\": {}, \""
            + key
            + "\": {\"auth\": \"YW5uOnNlOmNyZXQ=\"}}}";
    assertThat(docker(location, config)).isEqualTo(RegistryCredentials.basic("ann", "se:cret"));
    assertThat(docker("another.example", config)).isEqualTo(RegistryCredentials.anonymous());
  }

  @Test
  void saysWhatItDoesNotReadOfDocker() throws IOException {
    assertThat(DockerConfig.credentials(folder.resolve("none"), "registry.example"))
        .isEqualTo(RegistryCredentials.anonymous());
    assertThat(DockerConfig.file(Map.of("DOCKER_CONFIG", "/d")))
        .isEqualTo(Path.of("/d/config.json"));
    assertThat(DockerConfig.file(Map.of()).toString()).endsWith("/.docker/config.json");
    for (String config :
        List.of(
            "{\"credsStore\": \"pass\", \"auths\": {\"registry.example\": {}}}",
            "{\"credHelpers\": {\"registry.example\": \"pass\"}}")) {
      assertThatThrownBy(() -> docker("registry.example/team", config))
          .isInstanceOf(PatchkitException.class)
          .hasMessageContainingAll("registry.example", "docker-credential-pass");
    }
    assertThatThrownBy(
            () ->
                docker(
                    "registry.example",
                    "{\"auths\": {\"registry.example\": {\"auth\": \"YTo=\", \"identitytoken\":"
                        + " \"geheim\"}}}"))
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("identity token")
        .hasMessageNotContaining("geheim");
    for (String pair : List.of("geheim", "Z2VoZWlt", "OmdlaGVpbQ==")) {
      assertThatThrownBy(
              () ->
                  docker(
                      "registry.example",
                      "{\"auths\": {\"registry.example\": {\"auth\": \"" + pair + "\"}}}"))
          .isInstanceOf(PatchkitException.class)
          .hasMessageContaining("log in again")
          .hasMessageNotContaining("geheim");
    }
  }

  /** The first token expires after two requests. */
  @Test
  void asksForAnotherTokenWhenOneIsRefused() throws Exception {
    Iterator<String> tokens = List.of("old", "new", "new").iterator();
    List<String> shown = Collections.synchronizedList(new ArrayList<>());
    try (HostileRegistry server = new HostileRegistry(verified("calm"))) {
      byte[] manifest = server.manifest;
      AtomicInteger good = new AtomicInteger(2);
      server.on(
          server.manifestPath(),
          (request, socket, out) -> {
            String token = request.headers().getOrDefault("authorization", "");
            shown.add(token);
            boolean isGood =
                token.equals("Bearer new")
                    || (token.equals("Bearer old") && good.getAndDecrement() > 0);
            if (isGood) {
              HostileRegistry.ok(OciManifest.MEDIA_TYPE, manifest).reply(request, socket, out);
            } else {
              status("401 Who", "WWW-Authenticate: Bearer realm=\"http://127.0.0.1/token\"")
                  .reply(request, socket, out);
            }
          });
      RegistryCredentials expiring =
          RegistryCredentials.supplied(() -> RegistryCredentials.bearer(tokens.next()));
      OciRegistry registry = OciRegistry.open(server.host(), OPTIONS.withCredentials(expiring));
      for (int i = 0; i < 3; i++) {
        assertThat(registry.find("calm", server.release.version())).isEqualTo(server.release);
      }
      assertThat(shown).containsExactly("", "Bearer old", "Bearer old", "Bearer old", "Bearer new");
      server.on(
          server.manifestPath(),
          status("401 Who", "WWW-Authenticate: Bearer realm=\"http://127.0.0.1/token\""));
      assertThatThrownBy(() -> registry.find("calm", server.release.version()))
          .hasMessageContainingAll("supplied credentials", "the token refused")
          .extracting("reason")
          .isEqualTo(RegistryException.Reason.UNAUTHORIZED);
    }
  }

  /** Both ask without the token first, and neither of them has shown it then. */
  @Test
  @Timeout(60)
  void twoThreadsThatBeginTogetherBothShowTheToken() throws Exception {
    VerifiedPatch patch = verified("calm");
    CyclicBarrier both = new CyclicBarrier(2);
    try (HostileRegistry server = new HostileRegistry(patch)) {
      byte[] manifest = server.manifest;
      server.on(
          server.manifestPath(),
          (request, socket, out) -> {
            if (request.headers().containsKey("authorization")) {
              HostileRegistry.ok(OciManifest.MEDIA_TYPE, manifest).reply(request, socket, out);
            } else {
              both.await(20, TimeUnit.SECONDS);
              status("401 Who", "WWW-Authenticate: Bearer realm=\"http://127.0.0.1/token\"")
                  .reply(request, socket, out);
            }
          });
      OciRegistry registry =
          OciRegistry.open(server.host(), OPTIONS.withCredentials(RegistryCredentials.bearer("t")));
      FutureTask<Release> other =
          new FutureTask<>(() -> registry.find("calm", server.release.version()));
      new Thread(other).start();
      assertThat(registry.find("calm", server.release.version())).isEqualTo(server.release);
      assertThat(other.get()).isEqualTo(server.release);
    }
  }
}
