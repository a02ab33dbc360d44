package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.PatchManifest;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The walk through of docs/releasing.md, and what each exit status means. */
class PatchTest {

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String command) {
    out.reset();
    err.reset();
    String[] words = command.replace("@", folder + "/").split(" ");
    return Patch.execute(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        words);
  }

  private JsonObject json(String command) {
    int status = run(command + " --json");
    assertThat(status).as(out + "" + err).isZero();
    return StrictJson.parseObject(out.toByteArray(), JsonLimits.defaults());
  }

  private void save(String name, String version) {
    float[] rows = new float[4 * 8];
    rows[0] = version.hashCode() % 1000;
    io.patchkit.Patch.of(
            PatchManifest.of(
                name,
                SemanticVersion.parse(version),
                new BaseModel("tiny", List.of(), null, 8, 2, 2, 4),
                Instant.parse("2026-06-01T12:00:00Z")),
            SoftPrompt.of(8, EmbeddingSpace.TOKEN_TABLE, rows))
        .save(folder.resolve(name + "-" + version));
  }

  @Test
  void keygenSignPushPullVerifyInstallActivateRollbackRevoke() {
    json("keygen --key @key.pem --public-key @key.pub");
    for (String version : List.of("1.0.0", "1.1.0")) {
      save("calm", version);
      json("sign @calm-" + version + " --key @key.pem --out @calm-" + version + ".sig");
      json("push @calm-" + version + " @registry --signature @calm-" + version + ".sig");
    }
    assertThat(json("inspect @calm-1.0.0").string("patch")).isEqualTo("calm-1.0.0");

    assertThat(json("pull calm @registry --range ^1.0.0 --out @pulled").string("release"))
        .startsWith("calm:1.1.0@sha256:");
    JsonObject verified = json("verify @pulled --public-key @key.pub --signature @pulled.1.sig");
    assertThat(verified.string("patch")).isEqualTo("calm-1.1.0");
    json("install @pulled --public-key @key.pub --signature @pulled.1.sig --store @store");
    json("install @calm-1.0.0 --public-key @key.pub --signature @calm-1.0.0.sig --store @store");

    json("activate calm-1.0.0 --store @store");
    json("activate calm-1.1.0 --store @store --actor ann --reason better");
    assertThat(json("status --store @store").array("active").strings())
        .containsExactly("calm-1.1.0");
    assertThat(json("rollback --store @store").array("active").strings())
        .containsExactly("calm-1.0.0");
    assertThat(json("rollback 2 --store @store").integer("generation", 0, 9)).isEqualTo(4);
    assertThat(json("revoke calm-1.1.0 --store @store --reason leaks").array("active").strings())
        .containsExactly("calm-1.0.0");
    assertThat(json("history --store @store").array("history").size()).isEqualTo(5);
    assertThat(json("history --audit --store @store").array("audit").size()).isEqualTo(8);

    assertThat(run("activate calm-1.1.0 --store @store")).isEqualTo(Patch.STORE);
    assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("REVOKED: ");
    assertThat(run("status --store @store")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("generation: 5\n", "  calm-1.0.0\n");
  }

  @Test
  void theStatusSaysWhoRefused() throws IOException {
    json("keygen --key @key.pem --public-key @key.pub");
    json("keygen --key @other.pem --public-key @other.pub");
    save("calm", "1.0.0");
    json("sign @calm-1.0.0 --key @key.pem --out @calm.sig");

    String verify = "verify @calm-1.0.0 --signature @calm.sig --public-key ";
    assertThat(run(verify + "@other.pub")).isEqualTo(Patch.UNTRUSTED);
    assertThat(run(verify + "@other.pub --json")).isEqualTo(Patch.UNTRUSTED);
    JsonObject refusal = StrictJson.parseObject(out.toByteArray(), JsonLimits.defaults());
    assertThat(refusal.names()).containsExactly("error", "message");

    Path weights = folder.resolve("calm-1.0.0/adapter_model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes);
    assertThat(run(verify + "@key.pub")).isEqualTo(Patch.UNTRUSTED);
    assertThat(run("pull calm @registry --out @pulled")).isEqualTo(Patch.REGISTRY);
    assertThat(run("rollback 9 --store @store")).isEqualTo(Patch.STORE);
    assertThat(run("keygen --key @key.pem")).isEqualTo(Patch.FAILED);
    assertThat(run("unheard-of")).isEqualTo(2);
    assertThat(run("sign")).isEqualTo(2);
  }
}
