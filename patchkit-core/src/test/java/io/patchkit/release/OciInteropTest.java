package io.patchkit.release;

import static io.patchkit.release.SignedPatches.CLOCK;
import static io.patchkit.release.SignedPatches.POLICY;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.Composition;
import io.patchkit.Interop;
import io.patchkit.SemanticVersion;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's docker-registry on loopback, and the clients oras and skopeo beside ours. */
class OciInteropTest {

  private static final OciOptions OPTIONS =
      OciOptions.defaults().withPlainHttp(true).withDeadline(Duration.ofSeconds(60));

  @TempDir Path temporary;
  private DockerRegistry server;
  private String host;

  private final VerifiedPatch patch = verified("calm", "1.2.0");
  private final SemanticVersion version = SemanticVersion.parse("1.2.0");

  @BeforeEach
  void serve() throws IOException, InterruptedException {
    server = DockerRegistry.serve(temporary, "{}", "{}");
    host = server.host;
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private OciRegistry registry() {
    return OciRegistry.open(host + "/patches", OPTIONS);
  }

  private String tag() {
    return host + "/patches/calm:1.2.0";
  }

  private static void run(Object... command) throws IOException, InterruptedException {
    Interop.Result result = Interop.run(List.of(command));
    assertThat(result.exit()).as(result.output()).isZero();
  }

  private void assertIsOurs(PulledPatch pulled) {
    assertThat(pulled.verify(POLICY, CLOCK).identity()).isEqualTo(patch.identity());
    assertThat(pulled.files().digests()).isEqualTo(patch.files().digests());
  }

  @Test
  void publishesResolvesAndPulls() {
    Release release = registry().publish(patch);
    assertThat(registry().publish(patch)).isEqualTo(release);
    registry().publish(verified("calm", "1.10.0"));
    registry().publish(verified("calm", "2.0.0"));
    assertThat(registry().list("calm"))
        .extracting(Object::toString)
        .containsExactly("1.2.0", "1.10.0", "2.0.0");
    assertThat(registry().resolve("calm", VersionRange.parse("^1.0.0")).version())
        .hasToString("1.10.0");
    assertThat(registry().find("calm", version)).isEqualTo(release);
    assertIsOurs(registry().pull(release));
    assertThat(registry().list("nothing")).isEmpty();
  }

  @Test
  void aVersionIsNeverOverwritten() {
    Release release = registry().publish(patch);
    VerifiedPatch other = verified("calm", "1.2.0", "other", Composition.free());
    assertThatThrownBy(() -> registry().publish(other))
        .extracting("reason")
        .isEqualTo(Reason.VERSION_TAKEN);
    assertThat(registry().find("calm", version)).isEqualTo(release);
  }

  @Test
  void aBlobThatIsDamagedOnTheServersDiskIsRefused() throws IOException {
    Release release = registry().publish(patch);
    String weights = patch.files().digests().get("adapter_model.safetensors");
    Path data =
        temporary
            .resolve("registry/docker/registry/v2/blobs/sha256")
            .resolve(weights.substring(0, 2))
            .resolve(weights)
            .resolve("data");
    byte[] bytes = Files.readAllBytes(data);
    bytes[bytes.length - 1] ^= 1;
    Files.write(data, bytes);
    assertThatThrownBy(() -> registry().pull(release))
        .extracting("reason")
        .isEqualTo(Reason.BLOB_DIGEST);
  }

  @Test
  void orasPullsOurs() throws Exception {
    registry().publish(patch);
    Path out = temporary.resolve("out");
    run(Interop.tool("bin/oras"), "pull", "--plain-http", tag(), "-o", out);
    Path bundle = out.resolve("signature-1.sig");
    assertThat(Files.readAllBytes(bundle)).isEqualTo(patch.bundles().get(0));
    Files.move(bundle, temporary.resolve("signature-1.sig"));
    VerifiedPatch pulled =
        VerifiedPatch.verify(out, List.of(temporary.resolve("signature-1.sig")), POLICY, CLOCK);
    assertThat(pulled.identity()).isEqualTo(patch.identity());
  }

  @Test
  void wePullWhatOrasPushes() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("push"));
    for (String name : patch.files().digests().keySet()) {
      Files.write(folder.resolve(name), patch.files().content(name));
    }
    Files.write(folder.resolve("team.sig"), patch.bundles().get(0));
    Interop.Result result =
        Interop.run(
            List.of(
                "sh",
                "-c",
                "cd \"$0\" && exec \"$1\" push --plain-http \"$2\""
                    + " --artifact-type application/vnd.patchkit.patch.v1"
                    + " --config patch.json:application/vnd.patchkit.patch.config.v1+json"
                    + " patch.json:application/vnd.patchkit.patch.v1+json"
                    + " adapter_config.json:application/vnd.patchkit.adapter.config.v1+json"
                    + " adapter_model.safetensors:application/vnd.patchkit.weights.v1.safetensors"
                    + " team.sig:application/vnd.dev.sigstore.bundle.v0.3+json",
                folder,
                Interop.tool("bin/oras"),
                tag()));
    assertThat(result.exit()).as(result.output()).isZero();
    assertIsOurs(registry().pull(registry().find("calm", version)));
  }

  @Test
  void skopeoCarriesOursIntoADirectoryAndBack() throws Exception {
    Release release = registry().publish(patch);
    Path directory = temporary.resolve("mirror");
    Files.createDirectory(directory);
    Path skopeo = Interop.tool("bin/skopeo");
    run(
        skopeo,
        "--insecure-policy",
        "copy",
        "--src-tls-verify=false",
        "docker://" + tag(),
        "oci:" + directory.resolve("calm") + ":1.2.0");
    DirectoryRegistry mirror = DirectoryRegistry.open(directory);
    assertThat(mirror.find("calm", version)).isEqualTo(release);
    assertIsOurs(mirror.pull(release));

    DirectoryRegistry own = DirectoryRegistry.open(temporary.resolve("own"));
    assertThat(own.publish(patch)).isEqualTo(release);
    run(
        skopeo,
        "--insecure-policy",
        "copy",
        "--dest-tls-verify=false",
        "oci:" + temporary.resolve("own/calm") + ":1.2.0",
        "docker://" + host + "/copies/calm:1.2.0");
    OciRegistry copies = OciRegistry.open(host + "/copies", OPTIONS);
    assertThat(copies.find("calm", version)).isEqualTo(release);
    assertIsOurs(copies.pull(release));
  }

  @Test
  void orasCopiesOursBetweenRepositories() throws Exception {
    Release release = registry().publish(patch);
    run(
        Interop.tool("bin/oras"),
        "cp",
        "--from-plain-http",
        "--to-plain-http",
        tag(),
        host + "/moved/calm:1.2.0");
    assertIsOurs(OciRegistry.open(host + "/moved", OPTIONS).pull(release));
  }
}
