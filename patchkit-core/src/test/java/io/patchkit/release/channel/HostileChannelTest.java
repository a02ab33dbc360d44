package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.trust.Signer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What whoever serves a channel, or stole one of its keys, may hand to a client that has followed
 * it so far. The channel is at version 4 of targets, snapshot and timestamp; the client saw 3.
 */
class HostileChannelTest {

  /** Makes one thing wrong. */
  interface Attack {
    void on(ChannelLab lab) throws IOException;
  }

  /** One hostile input; its number is that of its family, 33 to 40. */
  record Row(int number, String what, Code code, Attack attack) {
    @Override
    public String toString() {
      return number + " " + what + " → " + code;
    }
  }

  @TempDir static Path template;
  @TempDir Path folder;
  private ChannelLab lab;

  @BeforeAll
  static void publish() {
    ChannelLab followed = new ChannelLab(template);
    followed.client().refresh();
    followed.publisher.publish(ChannelLab.entry("less-toxic", "1.0.0", 'c'));
  }

  @BeforeEach
  void copy() throws IOException {
    lab = ChannelLab.copyOf(template, folder);
  }

  @Test
  void acceptsTheChannelBeforeItIsMadeHostile() {
    assertThat(lab.client().refresh().entries()).hasSize(3);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void refuses(Row row) throws Exception {
    row.attack().on(lab);
    byte[] before = Files.readAllBytes(lab.state.resolve("targets.json"));
    ChannelException refusal =
        catchThrowableOfType(ChannelException.class, () -> lab.client().refresh());
    assertThat(refusal).as(row.what()).isNotNull();
    assertThat(refusal.code()).as(refusal.getMessage()).isEqualTo(row.code());
    assertThat(Files.readAllBytes(lab.state.resolve("targets.json"))).isEqualTo(before);
  }

  /** What a view says of patches is in {@link ChannelTest}. */
  @Test
  void everyCodeHasItsRow() {
    Set<Code> tested = EnumSet.of(Code.REVOKED, Code.WITHDRAWN, Code.UNLISTED, Code.STALE);
    rows().forEach(row -> tested.add(row.code()));
    assertThat(tested).containsExactlyInAnyOrder(Code.values());
  }

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.addAll(versions());
    rows.addAll(keys());
    rows.addAll(bytes());
    return rows;
  }

  private static List<Row> versions() {
    return List.of(
        row(
            33,
            "an older timestamp",
            Code.ROLLBACK,
            lab -> {
              byte[] old = lab.read("timestamp.json");
              lab.publisher.renew();
              lab.client().refresh();
              lab.write("timestamp.json", old);
            }),
        row(
            33,
            "a timestamp that announces an older snapshot",
            Code.ROLLBACK,
            lab -> lab.announceSnapshot(2)),
        row(
            33,
            "a snapshot that announces older targets",
            Code.ROLLBACK,
            lab -> lab.announceTargets(4, 2)),
        row(
            34,
            "a timestamp whose time is over",
            Code.EXPIRED,
            lab -> lab.clock.advance(Duration.ofDays(2))),
        row(
            34,
            "a snapshot whose time is over",
            Code.EXPIRED,
            lab -> {
              lab.clock.advance(Duration.ofDays(14));
              lab.resign(
                  "timestamp.json",
                  text ->
                      text.replaceAll("\"expires\":\"[^\"]*", "\"expires\":\"2030-01-01T00:00:00Z"),
                  ChannelLab.TIMESTAMP);
            }),
        row(
            34,
            "targets whose time is over",
            Code.EXPIRED,
            lab -> {
              lab.resign(
                  "4.targets.json",
                  text ->
                      text.replaceAll("\"expires\":\"[^\"]*", "\"expires\":\"2026-06-01T12:00:00Z"),
                  ChannelLab.TARGETS);
              lab.announceTargets(4, 4);
            }),
        row(
            34,
            "a root whose time is over",
            Code.EXPIRED,
            lab -> {
              lab.clock.advance(Duration.ofDays(365));
              lab.publisher.renew();
            }),
        row(
            34,
            "a clock that was set back",
            Code.CLOCK_BEHIND,
            lab -> lab.clock.advance(Duration.ofDays(-365))),
        row(
            35,
            "a timestamp of version 2^31 - 1",
            Code.FAST_FORWARD,
            lab -> version(lab, "2147483647")),
        row(35, "a timestamp of version 2^31", Code.MALFORMED, lab -> version(lab, "2147483648")),
        row(
            35,
            "a timestamp of version 2^63",
            Code.MALFORMED,
            lab -> version(lab, "9223372036854775808")),
        row(35, "a timestamp of version 0", Code.MALFORMED, lab -> version(lab, "0")),
        row(
            35,
            "a timestamp of version 4.0",
            Code.MALFORMED,
            lab ->
                lab.write(
                    "timestamp.json",
                    new String(lab.read("timestamp.json"), StandardCharsets.UTF_8)
                        .replace(
                            "\"version\": 4,\n    \"expires", "\"version\": 4.0,\n    \"expires")
                        .getBytes(StandardCharsets.UTF_8))),
        row(
            35,
            "a snapshot of version 2^30, announced",
            Code.FAST_FORWARD,
            lab ->
                lab.resign(
                    "timestamp.json",
                    "\"version\":4}}",
                    "\"version\":1073741824}}",
                    ChannelLab.TIMESTAMP)),
        row(
            35,
            "targets of version 2^30, announced",
            Code.FAST_FORWARD,
            lab -> {
              lab.resign(
                  "4.snapshot.json",
                  "\"version\":4}}",
                  "\"version\":1073741824}}",
                  ChannelLab.SNAPSHOT);
              lab.announceSnapshot(4);
            }),
        row(
            36,
            "the snapshot of another version",
            Code.MIX_AND_MATCH,
            lab -> lab.write("4.snapshot.json", lab.read("3.snapshot.json"))),
        row(
            36,
            "targets of another version",
            Code.MIX_AND_MATCH,
            lab -> lab.write("4.targets.json", lab.read("2.targets.json"))),
        row(
            36,
            "targets with a byte more",
            Code.MIX_AND_MATCH,
            lab ->
                lab.write(
                    "4.targets.json",
                    Arrays.copyOf(
                        lab.read("4.targets.json"), lab.read("4.targets.json").length + 1))),
        row(
            36,
            "a snapshot of another version than announced",
            Code.VERSION_MISMATCH,
            lab -> {
              lab.write("4.snapshot.json", lab.read("2.snapshot.json"));
              lab.announceSnapshot(4);
            }),
        row(
            36,
            "targets of another version than announced",
            Code.VERSION_MISMATCH,
            lab -> {
              lab.write("4.targets.json", lab.read("2.targets.json"));
              lab.announceTargets(4, 4);
            }),
        row(
            38,
            "one version, two timestamps",
            Code.EQUIVOCATION,
            lab -> {
              refreshKeepingTargets(lab);
              lab.resign(
                  "timestamp.json",
                  text ->
                      text.replaceAll("\"expires\":\"[^\"]*", "\"expires\":\"2030-01-01T00:00:00Z"),
                  ChannelLab.TIMESTAMP);
            }));
  }

  /** Follows the timestamp up to version 4, and no further. */
  private static void refreshKeepingTargets(ChannelLab lab) throws IOException {
    byte[] targets = lab.read("4.targets.json");
    Files.delete(lab.published.resolve("4.targets.json"));
    catchThrowableOfType(ChannelException.class, () -> lab.client().refresh());
    lab.write("4.targets.json", targets);
  }

  private static List<Row> keys() {
    return List.of(
        row(
            37,
            "a new root that the old keys did not sign",
            Code.THRESHOLD_NOT_MET,
            lab -> newRoot(lab, 2, ChannelLab.OTHER)),
        row(
            37,
            "a new root that one old key of two signed",
            Code.THRESHOLD_NOT_MET,
            lab -> newRoot(lab, 2, ChannelLab.ROOT_A, ChannelLab.OTHER)),
        row(
            37,
            "a new root that its own keys did not sign",
            Code.THRESHOLD_NOT_MET,
            lab -> newRoot(lab, 2, ChannelLab.ROOT_A, ChannelLab.ROOT_B)),
        row(
            37,
            "a new root that leaves out a version",
            Code.VERSION_MISMATCH,
            lab -> newRoot(lab, 3, ChannelLab.ROOT_A, ChannelLab.ROOT_B, ChannelLab.OTHER)),
        row(
            37,
            "a new root with one key under two ids",
            Code.MALFORMED,
            lab -> {
              String key = TufKey.json(ChannelLab.ROOT_A.verificationKey()).toString();
              lab.write("2.root.json", lab.read("1.root.json"));
              lab.resign(
                  "2.root.json",
                  text ->
                      text.replace("\"version\":1", "\"version\":2")
                          .replace(
                              "\"keys\":{", "\"keys\":{\"" + "0".repeat(64) + "\":" + key + ","),
                  ChannelLab.ROOT_A,
                  ChannelLab.ROOT_B);
            }),
        row(
            37,
            "a new root with a threshold that cannot be met",
            Code.MALFORMED,
            lab -> {
              lab.write("2.root.json", lab.read("1.root.json"));
              lab.resign(
                  "2.root.json",
                  text ->
                      text.replace("\"version\":1", "\"version\":2")
                          .replace("\"threshold\":2", "\"threshold\":3"),
                  ChannelLab.ROOT_A,
                  ChannelLab.ROOT_B);
            }),
        row(
            37,
            "a new root with a threshold of none",
            Code.MALFORMED,
            lab -> {
              lab.write("2.root.json", lab.read("1.root.json"));
              lab.resign(
                  "2.root.json",
                  text ->
                      text.replace("\"version\":1", "\"version\":2")
                          .replace("\"threshold\":1", "\"threshold\":0"),
                  ChannelLab.ROOT_A,
                  ChannelLab.ROOT_B);
            }),
        row(
            37,
            "a timestamp that another key signed",
            Code.THRESHOLD_NOT_MET,
            lab -> lab.resign("timestamp.json", text -> text, ChannelLab.OTHER)),
        row(
            37,
            "a timestamp that the snapshot's key signed",
            Code.THRESHOLD_NOT_MET,
            lab -> lab.resign("timestamp.json", text -> text, ChannelLab.SNAPSHOT)),
        row(
            37,
            "a timestamp that nobody signed",
            Code.THRESHOLD_NOT_MET,
            lab -> lab.resign("timestamp.json", text -> text)),
        row(
            37,
            "a timestamp with one signature twice",
            Code.MALFORMED,
            lab ->
                lab.resign(
                    "timestamp.json", text -> text, ChannelLab.TIMESTAMP, ChannelLab.TIMESTAMP)),
        row(
            37,
            "a snapshot that another key signed",
            Code.THRESHOLD_NOT_MET,
            lab -> {
              lab.resign("4.snapshot.json", text -> text, ChannelLab.TIMESTAMP);
              lab.announceSnapshot(4);
            }),
        row(
            37,
            "targets that another key signed",
            Code.THRESHOLD_NOT_MET,
            lab -> {
              lab.resign("4.targets.json", text -> text, ChannelLab.SNAPSHOT);
              lab.announceTargets(4, 4);
            }),
        row(
            37,
            "a snapshot in the place of the timestamp",
            Code.THRESHOLD_NOT_MET,
            lab -> lab.write("timestamp.json", lab.read("4.snapshot.json"))),
        row(
            37,
            "a snapshot that the timestamp's key signed, in its place",
            Code.MALFORMED,
            lab -> {
              lab.write("timestamp.json", lab.read("4.snapshot.json"));
              lab.resign("timestamp.json", text -> text, ChannelLab.TIMESTAMP);
            }));
  }

  private static List<Row> bytes() {
    return List.of(
        row(
            39,
            "an endless timestamp",
            Code.TOO_LARGE,
            lab -> lab.write("timestamp.json", new byte[(16 << 10) + 1])),
        row(
            39,
            "an endless root",
            Code.TOO_LARGE,
            lab -> lab.write("2.root.json", new byte[(512 << 10) + 1])),
        row(
            39,
            "a fetcher that knows no bounds",
            Code.TOO_LARGE,
            lab -> lab.fetcher = (name, max) -> new byte[max + 1]),
        row(
            39,
            "an announced length beyond the bounds",
            Code.MALFORMED,
            lab ->
                lab.resign(
                    "timestamp.json",
                    text -> text.replaceAll("\"length\":\\d+", "\"length\":99999999"),
                    ChannelLab.TIMESTAMP)),
        row(
            39,
            "endless roots",
            Code.TOO_MANY_ROOTS,
            lab -> {
              for (int i = 0; i < 65; i++) {
                lab.publisher.rotate(ChannelLab.KEYS);
              }
            }),
        row(
            40,
            "a revoked patch that is good again",
            Code.REVOCATION_DROPPED,
            lab ->
                changeAfterRevoking(
                    lab,
                    text ->
                        text.replaceAll(
                            "\"reason\":\"leaks\",\"status\":\"revoked\"",
                            "\"status\":\"active\""))),
        row(
            40,
            "a revoked patch that is withdrawn",
            Code.REVOCATION_DROPPED,
            lab -> changeAfterRevoking(lab, text -> text.replace("\"revoked\"", "\"withdrawn\""))),
        row(
            40,
            "a revoked patch that is listed no more",
            Code.REVOCATION_DROPPED,
            lab ->
                changeAfterRevoking(
                    lab,
                    text ->
                        text.replaceAll("\"refuse-harm/1.1.0\":\\{.*?\\}.*?\\}.*?\\},", "")
                            .replaceAll(",\"refuse-harm/1.1.0\":\\{.*?\\}.*?\\}.*?\\}", ""))),
        row(
            40,
            "one patch under two versions",
            Code.MALFORMED,
            lab -> {
              lab.resign("4.targets.json", "b".repeat(64), "a".repeat(64), ChannelLab.TARGETS);
              lab.announceTargets(4, 4);
            }),
        row(
            40,
            "a status that is not known",
            Code.MALFORMED,
            lab -> {
              lab.resign("4.targets.json", "\"active\"", "\"fine\"", ChannelLab.TARGETS);
              lab.announceTargets(4, 4);
            }),
        row(
            40,
            "a path that leads elsewhere",
            Code.MALFORMED,
            lab -> {
              lab.resign("4.targets.json", "refuse-harm/1.1.0", "../1.1.0", ChannelLab.TARGETS);
              lab.announceTargets(4, 4);
            }),
        row(
            40,
            "delegations",
            Code.MALFORMED,
            lab -> {
              lab.resign(
                  "4.targets.json",
                  "\"_type\"",
                  "\"delegations\":{},\"_type\"",
                  ChannelLab.TARGETS);
              lab.announceTargets(4, 4);
            }),
        row(
            40,
            "no timestamp",
            Code.MISSING,
            lab -> Files.delete(lab.published.resolve("timestamp.json"))),
        row(
            40,
            "no targets",
            Code.MISSING,
            lab -> Files.delete(lab.published.resolve("4.targets.json"))),
        row(
            40,
            "no answer",
            Code.UNAVAILABLE,
            lab ->
                lab.fetcher =
                    (name, max) -> {
                      throw new IOException("refused");
                    }),
        row(
            40,
            "a damaged memory",
            Code.CORRUPT_STATE,
            lab -> Files.writeString(lab.state.resolve("timestamp.json"), "{")),
        row(
            40,
            "a damaged memory of the time",
            Code.CORRUPT_STATE,
            lab -> Files.writeString(lab.state.resolve("time"), "noon")),
        row(
            40,
            "a timestamp of another kind",
            Code.MALFORMED,
            lab ->
                lab.resign(
                    "timestamp.json",
                    "\"spec_version\":\"1.0.34\"",
                    "\"spec_version\":\"2.0\"",
                    ChannelLab.TIMESTAMP)),
        row(
            40,
            "a timestamp with a key twice",
            Code.MALFORMED,
            lab ->
                lab.write(
                    "timestamp.json",
                    "{\"signed\":{},\"signed\":{},\"signatures\":[]}"
                        .getBytes(StandardCharsets.UTF_8))),
        row(
            40,
            "a timestamp that is nothing",
            Code.MALFORMED,
            lab -> lab.write("timestamp.json", new byte[0])));
  }

  private static Row row(int number, String what, Code code, Attack attack) {
    return new Row(number, what, code, attack);
  }

  private static void version(ChannelLab lab, String version) throws IOException {
    lab.resign(
        "timestamp.json",
        text -> text.replaceAll("\"version\":4\\}$", "\"version\":" + version + "}"),
        ChannelLab.TIMESTAMP);
  }

  /** A second root whose root key is another, signed by these. */
  private static void newRoot(ChannelLab lab, int version, Signer... signers) throws IOException {
    ChannelKeys keys =
        new ChannelKeys(
            List.of(ChannelLab.OTHER),
            1,
            ChannelLab.TARGETS,
            ChannelLab.SNAPSHOT,
            ChannelLab.TIMESTAMP);
    MetadataHeader header =
        new MetadataHeader(version, lab.clock.instant().plus(Duration.ofDays(9)));
    lab.write(
        "2.root.json",
        SignedMetadata.sign(new RootMetadata(header, keys.roles()).json(), List.of(signers)));
  }

  /** The client sees a revocation; then the targets' key signs something else. */
  private static void changeAfterRevoking(ChannelLab lab, UnaryOperator<String> change)
      throws IOException {
    lab.publisher.revoke(ChannelLab.BAD.identity(), "leaks");
    lab.client().refresh();
    lab.publisher.renew();
    lab.resign("6.targets.json", change, ChannelLab.TARGETS);
    lab.announceTargets(6, 6);
  }
}
