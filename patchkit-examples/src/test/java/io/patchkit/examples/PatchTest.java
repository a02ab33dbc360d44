package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.format.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The walk through of docs/releasing.md, and what each exit status means. */
class PatchTest {

  @TempDir Path folder;
  private CommandLab lab;

  @BeforeEach
  void open() {
    lab = new CommandLab(folder);
  }

  @Test
  void keygenSignPushPullVerifyInstallActivateRollbackRevoke() {
    lab.json("keygen --key @key.pem --public-key @key.pub");
    for (String version : List.of("1.0.0", "1.1.0")) {
      lab.save("calm", version);
      lab.json("sign @calm-" + version + " --key @key.pem --out @calm-" + version + ".sig");
      lab.json("push @calm-" + version + " @registry --signature @calm-" + version + ".sig");
    }
    assertThat(lab.json("inspect @calm-1.0.0").string("patch")).isEqualTo("calm-1.0.0");

    assertThat(lab.json("pull calm @registry --range ^1.0.0 --out @pulled").string("release"))
        .startsWith("calm:1.1.0@sha256:");
    JsonObject verified =
        lab.json("verify @pulled --public-key @key.pub --signature @pulled.1.sig");
    assertThat(verified.string("patch")).isEqualTo("calm-1.1.0");
    lab.json("install @pulled --public-key @key.pub --signature @pulled.1.sig --store @store");
    lab.json(
        "install @calm-1.0.0 --public-key @key.pub --signature @calm-1.0.0.sig --store @store");

    lab.json("activate calm-1.0.0 --store @store");
    lab.json("activate calm-1.1.0 --store @store --actor ann --reason better");
    assertThat(lab.json("status --store @store").array("active").strings())
        .containsExactly("calm-1.1.0");
    assertThat(lab.json("rollback --store @store").array("active").strings())
        .containsExactly("calm-1.0.0");
    assertThat(lab.json("rollback --store @store").array("active").strings())
        .containsExactly("calm-1.0.0");
    assertThat(lab.json("rollback 2 --store @store").integer("generation", 0, 9)).isEqualTo(5);
    assertThat(
            lab.json("revoke calm-1.1.0 --store @store --reason leaks").array("active").strings())
        .containsExactly("calm-1.0.0");
    assertThat(lab.json("history --store @store").array("history").size()).isEqualTo(6);
    assertThat(lab.json("history --audit --store @store").array("audit").size()).isEqualTo(9);

    assertThat(lab.run("activate calm-1.1.0 --store @store")).isEqualTo(Patch.STORE);
    assertThat(lab.err()).startsWith("REVOKED: ");
    assertThat(lab.run("status --store @store")).isZero();
    assertThat(lab.out()).contains("generation: 6\n", "  calm-1.0.0\n");
  }

  @Test
  void gcNamesWhatItCouldNotRead() throws IOException {
    lab.json("keygen --key @key.pem --public-key @key.pub");
    lab.save("calm", "1.0.0");
    lab.json("sign @calm-1.0.0 --key @key.pem --out @calm.sig");
    String identity =
        lab.json("install @calm-1.0.0 --public-key @key.pub --signature @calm.sig --store @store")
            .string("identity");
    assertThat(lab.json("gc --store @store").array("damaged").size()).isZero();

    Path manifest = folder.resolve("store/blobs/sha256").resolve(identity);
    Files.delete(manifest);
    Files.writeString(manifest, "{}");
    JsonObject garbage = lab.json("gc --store @store");
    assertThat(garbage.array("removed").size()).isZero();
    assertThat(garbage.array("damaged").objects().get(0).string("identity")).isEqualTo(identity);
    assertThat(garbage.array("damagedGenerations").size()).isZero();
    assertThat(lab.run("gc --store @store")).isZero();
    assertThat(lab.out()).contains(identity);
  }

  @Test
  void theStatusSaysWhoRefused() throws IOException {
    lab.json("keygen --key @key.pem --public-key @key.pub");
    lab.json("keygen --key @other.pem --public-key @other.pub");
    lab.save("calm", "1.0.0");
    lab.json("sign @calm-1.0.0 --key @key.pem --out @calm.sig");

    String verify = "verify @calm-1.0.0 --signature @calm.sig --public-key ";
    assertThat(lab.run(verify + "@other.pub")).isEqualTo(Patch.UNTRUSTED);
    assertThat(lab.run(verify + "@other.pub --json")).isEqualTo(Patch.UNTRUSTED);
    JsonObject refusal = lab.json();
    assertThat(refusal.names()).containsExactly("error", "message");

    Path weights = folder.resolve("calm-1.0.0/adapter_model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1;
    Files.write(weights, bytes);
    assertThat(lab.run(verify + "@key.pub")).isEqualTo(Patch.UNTRUSTED);
    assertThat(lab.run("pull calm @registry --out @pulled")).isEqualTo(Patch.REGISTRY);
    assertThat(lab.run("rollback 9 --store @store")).isEqualTo(Patch.STORE);
    assertThat(lab.run("keygen --key @key.pem")).isEqualTo(Patch.FAILED);
    assertThat(lab.run("unheard-of")).isEqualTo(2);
    assertThat(lab.run("sign")).isEqualTo(2);
  }
}
