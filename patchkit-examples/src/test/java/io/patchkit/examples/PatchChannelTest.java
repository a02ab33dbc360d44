package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.patchkit.format.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A vendor who publishes a channel at the command line, and an operator whose store follows it over
 * HTTP.
 */
class PatchChannelTest {

  private static final String TRUSTED = " --public-key @author.pub --signature @calm-";

  @TempDir Path folder;
  private CommandLab lab;
  private HttpServer server;

  @BeforeEach
  void publish() throws IOException {
    lab = new CommandLab(folder);
    for (String key : List.of("author", "root-a", "root-b", "online")) {
      lab.json("keygen --key @" + key + ".pem --public-key @" + key + ".pub");
    }
    lab.json(
        "channel init @channel --root-key @root-a.pem --root-key @root-b.pem --key @online.pem"
            + " --root-out @root.json");
    for (String version : List.of("1.0.0", "1.1.0", "1.2.0")) {
      lab.save("calm", version);
      lab.json("sign @calm-" + version + " --key @author.pem --out @calm-" + version + ".sig");
    }
    lab.json("channel publish @channel @calm-1.0.0 --key @online.pem");
    lab.json("channel publish @channel @calm-1.1.0 --key @online.pem");
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          Path file = folder.resolve("channel" + exchange.getRequestURI().getPath());
          byte[] body = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
          exchange.sendResponseHeaders(body.length == 0 ? 404 : 200, Math.max(1, body.length));
          exchange.getResponseBody().write(body.length == 0 ? new byte[1] : body);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  /** Installs the two listed versions and activates them in turn. */
  private void follow() {
    String channel =
        " --channel http://127.0.0.1:"
            + server.getAddress().getPort()
            + " --channel-root @root.json";
    lab.json("install @calm-1.0.0" + TRUSTED + "1.0.0.sig --store @store" + channel);
    lab.json("install @calm-1.1.0" + TRUSTED + "1.1.0.sig --store @store");
    lab.json("activate calm-1.0.0 --store @store");
    lab.json("activate calm-1.1.0 --store @store");
  }

  private JsonObject status(String patch) {
    for (JsonObject line : lab.json("status --store @store").array("installed").objects()) {
      if (line.string("patch").equals(patch)) {
        return line;
      }
    }
    throw new AssertionError(lab.out());
  }

  @Test
  void aRevokedPatchIsTakenOutAndNeverComesBack() {
    follow();
    lab.json("revoke calm 1.1.0 --channel @channel --key @online.pem --reason leaks");

    JsonObject line = status("calm-1.1.0");
    assertThat(line.string("standing")).isEqualTo("revoked");
    assertThat(line.string("reason")).isEqualTo("leaks");
    assertThat(status("calm-1.0.0").string("standing")).isEqualTo("active");
    assertThat(lab.json().array("active").strings()).containsExactly("calm-1.1.0");

    JsonObject refreshed = lab.json("refresh --store @store --actor ann");
    assertThat(refreshed.array("active").strings()).containsExactly("calm-1.0.0");
    assertThat(refreshed.string("origin")).isEqualTo("REVOKED");
    List<JsonObject> audit = lab.json("history --audit --store @store").array("audit").objects();
    JsonObject revoked = audit.get(audit.size() - 2);
    assertThat(revoked.string("action")).isEqualTo("REVOKED");
    assertThat(revoked.string("actor")).isEqualTo("ann");
    assertThat(revoked.string("reason")).isEqualTo("leaks");

    lab.assertRefused(Patch.CHANNEL, "REVOKED", "activate calm-1.1.0 --store @store");
    assertThat(lab.err()).contains("leaks");
    lab.assertRefused(
        Patch.CHANNEL, "REVOKED", "install @calm-1.1.0" + TRUSTED + "1.1.0.sig --store @store");
    lab.assertRefused(Patch.CHANNEL, "REVOKED", "activate calm-1.1.0 --store @store --offline");
    lab.assertRefused(Patch.STORE, "REVOKED", "rollback 2 --store @store");
  }

  /** Whatever brings a patch in takes out what is revoked, without a refresh. */
  @Test
  void anInstallTakesOutWhatIsRevoked() {
    follow();
    lab.json("channel publish @channel @calm-1.2.0 --key @online.pem");
    lab.json("revoke calm 1.1.0 --channel @channel --key @online.pem --reason leaks");
    lab.json("install @calm-1.2.0" + TRUSTED + "1.2.0.sig --store @store");
    assertThat(lab.json("status --store @store").array("active").strings())
        .containsExactly("calm-1.0.0");
  }

  @Test
  void aWithdrawnPatchRunsOnAndDoesNotComeAnew() {
    follow();
    String withdraw = "channel withdraw @channel calm 1.1.0 --key @online.pem --reason worse";
    lab.json(withdraw);
    assertThat(lab.json("refresh --store @store").array("active").strings())
        .containsExactly("calm-1.1.0");
    assertThat(status("calm-1.1.0").string("standing")).isEqualTo("withdrawn");
    assertThat(status("calm-1.1.0").string("reason")).isEqualTo("worse");
    lab.assertRefused(Patch.CHANNEL, "WITHDRAWN", "activate calm-1.1.0 --store @store");
    assertThat(lab.err()).contains("worse");
    lab.json("channel reinstate @channel calm 1.1.0 --key @online.pem");
    lab.json("activate calm-1.1.0 --store @store");
  }

  @Test
  void whatTheChannelDoesNotListIsNotInstalled() {
    follow();
    lab.assertRefused(
        Patch.CHANNEL, "UNLISTED", "install @calm-1.2.0" + TRUSTED + "1.2.0.sig --store @store");
  }

  @Test
  void aRaisedSecurityEpochKeepsOlderVersionsOut() {
    follow();
    String publish = "channel publish @channel @calm-1.2.0 --key @online.pem";
    lab.json(publish + " --security-epoch 1");
    assertThat(status("calm-1.0.0").string("standing")).isEqualTo("withdrawn");
    lab.assertRefused(Patch.CHANNEL, "EPOCH_BEHIND", "activate calm-1.0.0 --store @store");
    lab.json("install @calm-1.2.0" + TRUSTED + "1.2.0.sig --store @store");
  }

  @Test
  void whatIsPulledIsHeldAgainstTheChannel() {
    follow();
    lab.json("push @calm-1.2.0 @registry --signature @calm-1.2.0.sig");
    String pull = "pull calm @registry --store @store --out @";
    lab.assertRefused(Patch.REGISTRY, "NOT_FOUND", pull + "a"); // lists 1.1.0, which is elsewhere
    lab.json("channel publish @channel @calm-1.2.0 --registry @registry --key @online.pem");
    assertThat(lab.json(pull + "b").string("release")).startsWith("calm:1.2.0@");
    lab.assertRefused(Patch.CHANNEL, "UNLISTED", pull + "c --range ^2.0.0");
    lab.json("push @calm-1.2.0 @other --signature @calm-1.2.0.sig --signature @calm-1.2.0.sig");
    lab.assertRefused(Patch.CHANNEL, "RELEASE_MISMATCH", pull.replace("@registry", "@other") + "d");
  }

  @Test
  void withoutTheChannelOnlyAStatedOfflinePolicyLetsIn() {
    follow();
    server.stop(0);
    lab.assertRefused(Patch.CHANNEL, "UNAVAILABLE", "activate calm-1.0.0 --store @store");
    lab.assertRefused(Patch.CHANNEL, "UNAVAILABLE", "refresh --store @store");
    assertThat(lab.json("status --store @store").string("channelProblem"))
        .startsWith("UNAVAILABLE: ");
    assertThat(lab.json().array("active").strings()).containsExactly("calm-1.1.0");
    lab.json("activate calm-1.0.0 --store @store --offline --reason ticket");
    List<JsonObject> history = lab.json("history --store @store").array("history").objects();
    assertThat(history.get(history.size() - 1).string("reason"))
        .isEqualTo("offline policy: ticket");
  }

  @Test
  void onlyTheChannelsKeysPublish() {
    lab.assertRefused(
        Patch.CHANNEL,
        "THRESHOLD_NOT_MET",
        "revoke calm 1.1.0 --channel @channel --key @author.pem --reason leaks");
    String renew = "channel renew @channel --key @online.pem";
    assertThat(lab.run(renew + " --root-key @root-a.pem")).isEqualTo(Patch.FAILED);
    lab.json(renew + " --root-key @root-a.pem --root-key @root-b.pem");
    assertThat(folder.resolve("channel/2.root.json")).exists();
    lab.json(renew);
    follow();
  }

  @Test
  void wrongUsageIsToldFromRefusals() {
    assertThat(lab.run("channel")).isEqualTo(2);
    assertThat(lab.run("channel publish @channel")).isEqualTo(2);
    assertThat(lab.run("revoke calm 1.1.0 --reason leaks")).isEqualTo(2);
    String revoke = "revoke calm 1.1.0 --channel @channel --key @online.pem";
    assertThat(lab.run(revoke + " --store @store --reason leaks")).isEqualTo(2);
    assertThat(lab.run("revoke calm 1.1.0 --channel @channel --reason leaks")).isEqualTo(2);
    assertThat(lab.run(revoke)).isEqualTo(Patch.FAILED);
    assertThat(lab.run("revoke calm --channel @channel --key @online.pem --reason leaks"))
        .isEqualTo(Patch.FAILED);
    assertThat(lab.run("status --store @store --channel @channel")).isEqualTo(Patch.FAILED);
    assertThat(lab.err()).contains("--channel-root is missing");
    assertThat(lab.run("refresh --store @store")).isEqualTo(Patch.FAILED);
    assertThat(lab.run("channel publish --help")).isZero();
    assertThat(lab.out()).contains("--timestamp-key");
  }
}
