package io.patchkit.release;

import static io.patchkit.release.HostileRegistry.OPTIONS;
import static io.patchkit.release.HostileRegistry.status;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.trust.VerifiedPatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryCredentialsTest {

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
