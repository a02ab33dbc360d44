package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.patchkit.format.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
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

  /** Where the channel is, and the root to begin with. */
  private String channel(String root) {
    return " --channel http://127.0.0.1:"
        + server.getAddress().getPort()
        + " --channel-root @"
        + root;
  }

  /** Installs the two listed versions and activates them in turn. */
  private void follow() {
    lab.json("install @calm-1.0.0" + TRUSTED + "1.0.0.sig --store @store" + channel("root.json"));
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
    JsonObject renewed = lab.json(renew);
    assertThat(Instant.parse(renewed.string("rootExpires")))
        .isAfter(Instant.now().plus(Duration.ofDays(399)));
    assertThat(renewed.has("warning")).isFalse();
    follow();
  }

  @Test
  void warnsAMonthBeforeTheRootExpires() {
    Instant expires = Instant.parse("2027-01-31T12:00:00Z");
    Duration month = Duration.ofDays(30);
    assertThat(ChannelCommands.isSoon(expires, expires.minus(month))).isFalse();
    assertThat(ChannelCommands.isSoon(expires, expires.minus(month).plusSeconds(1))).isTrue();
  }

  private void keygen(String... keys) {
    for (String key : keys) {
      lab.json("keygen --key @" + key + ".pem --public-key @" + key + ".pub");
    }
  }

  /** All keys change; who follows goes on, and who begins may do so from either root. */
  @Test
  void aClientFollowsAChangeOfKeysFromTheOldRoot() throws IOException {
    follow();
    keygen("root-c", "online-2", "timestamp-2");
    JsonObject rotated =
        lab.json(
            "channel rotate @channel --root-key @root-a.pem --root-key @root-b.pem"
                + " --key @online.pem --new-root-key @root-b.pem --new-root-key @root-c.pem"
                + " --new-root-threshold 1 --new-key @online-2.pem"
                + " --new-timestamp-key @timestamp-2.pem --root-out @root-2.json");
    assertThat(rotated.integer("rootVersion", 1, 9)).isEqualTo(2);
    assertThat(rotated.array("patches").size()).isEqualTo(2);
    assertThat(folder.resolve("root-2.json"))
        .hasSameBinaryContentAs(folder.resolve("channel/2.root.json"));

    String keys = " --key @online-2.pem --timestamp-key @timestamp-2.pem";
    lab.json("revoke calm 1.1.0 --channel @channel --reason leaks" + keys);
    lab.json(
        "channel renew @channel --root-key @root-b.pem --root-key @root-c.pem --root-threshold 1"
            + keys);
    assertThat(lab.json("refresh --store @store").array("active").strings())
        .containsExactly("calm-1.0.0");
    assertThat(folder.resolve("store.channel/root.json"))
        .hasSameBinaryContentAs(folder.resolve("channel/3.root.json"));
    for (String root : List.of("root.json", "root-2.json")) {
      String store = " --store @of-" + root;
      lab.json("install @calm-1.0.0" + TRUSTED + "1.0.0.sig" + store + channel(root));
      lab.assertRefused(
          Patch.CHANNEL, "REVOKED", "install @calm-1.1.0" + TRUSTED + "1.1.0.sig" + store);
    }

    lab.assertRefused(
        Patch.CHANNEL, "THRESHOLD_NOT_MET", "channel renew @channel --key @online.pem");
    lab.assertRefused(
        Patch.FAILED,
        "IllegalArgumentException",
        "channel rotate @channel --root-key @root-a.pem --new-root-key @root-a.pem" + keys);
    assertThat(lab.err()).contains("root has 0 of the root keys of 3.root.json");
    assertThat(folder.resolve("channel/4.root.json")).doesNotExist();
    assertThat(lab.run("channel rotate @channel --root-key @root-c.pem" + keys)).isEqualTo(2);
    assertThat(lab.run("channel rotate --help")).isZero();
    assertThat(lab.out()).contains("--new-root-threshold");
  }

  /** A slip at the first use does not stay; one at a later use is told. */
  @Test
  void aWrongRootDoesNotStay() throws IOException {
    keygen("other");
    lab.json(
        "channel init @elsewhere --root-key @other.pem --key @other.pem --root-out @wrong.json");
    String install = "install @calm-1.0.0" + TRUSTED + "1.0.0.sig --store @store";
    lab.assertRefused(Patch.CHANNEL, "THRESHOLD_NOT_MET", install + channel("wrong.json"));
    assertThat(folder.resolve("store.channel/root.json")).doesNotExist();
    assertThat(folder.resolve("store.channel/address")).doesNotExist();

    lab.json(install + channel("root.json"));
    lab.json(install + channel("root.json"));
    lab.assertRefused(Patch.FAILED, "IllegalArgumentException", install + channel("wrong.json"));
    assertThat(lab.err())
        .contains("leave --channel-root out", "delete " + folder + "/store.channel");
    lab.assertRefused(
        Patch.CHANNEL, "UNAVAILABLE", install + " --channel http://127.0.0.1:1/nowhere");
    lab.json(install);

    Files.delete(folder.resolve("store.channel/address"));
    lab.assertRefused(Patch.FAILED, "IllegalArgumentException", install);
    assertThat(lab.err()).contains("--channel is missing");
  }

  @Test
  void aPatchOnTrialIsForThoseWhoFollowItsLabel() {
    follow();
    lab.json("channel publish @channel @calm-1.2.0 --key @online.pem --label beta");
    JsonObject listed = lab.json().array("patches").objects().get(2);
    assertThat(listed.string("label")).isEqualTo("beta");
    String install = "install @calm-1.2.0" + TRUSTED + "1.2.0.sig --store @store";
    lab.assertRefused(Patch.CHANNEL, "OTHER_LABEL", install);
    lab.json(install + " --channel-label stable --channel-label beta");
    lab.json("activate calm-1.2.0 --store @store");
    assertThat(lab.json("status --store @store").array("channelLabels").strings())
        .containsExactly("stable", "beta");

    lab.json("status --store @store --channel-label stable");
    assertThat(status("calm-1.2.0").string("standing")).isEqualTo("withdrawn");
    assertThat(status("calm-1.2.0").string("reason")).contains("its label is beta");
    lab.json("channel label @channel calm 1.2.0 stable --key @online.pem");
    assertThat(status("calm-1.2.0").string("standing")).isEqualTo("active");
    lab.assertRefused(
        Patch.FAILED,
        "IllegalArgumentException",
        "channel label @channel calm 1.2.0 Stable --key @online.pem");
  }

  /** Who serves the channel takes a revocation back before the next change is signed. */
  @Test
  void anOlderListThatWasPutBackIsNotSignedOn() throws IOException {
    byte[] before = Files.readAllBytes(folder.resolve("channel/timestamp.json"));
    lab.json("revoke calm 1.1.0 --channel @channel --key @online.pem --reason leaks");
    byte[] newest = Files.readAllBytes(folder.resolve("channel/timestamp.json"));
    Files.write(folder.resolve("channel/timestamp.json"), before);
    String publish = "channel publish @channel @calm-1.2.0 --key @online.pem";
    lab.assertRefused(Patch.CHANNEL, "ROLLBACK", publish);
    lab.assertRefused(
        Patch.CHANNEL,
        "ROLLBACK",
        "channel rotate @channel --root-key @root-a.pem --root-key @root-b.pem --key @online.pem"
            + " --new-root-key @root-a.pem --new-root-key @root-b.pem --new-key @author.pem");
    lab.assertRefused(Patch.CHANNEL, "ROLLBACK", publish);
    assertThat(lab.err()).contains("copy " + folder + "/online.pem.published/timestamp.json");
    assertThat(folder.resolve("online.pem.published/timestamp.json")).hasBinaryContent(newest);
    Files.write(folder.resolve("channel/timestamp.json"), newest);
    lab.json(publish);

    String init = "channel init @another --root-key @root-a.pem --key @online.pem --root-out @r";
    lab.assertRefused(Patch.FAILED, "PatchkitException", init);
    lab.json(init + " --record @another.published");
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
