package io.patchkit.release.channel;

import static io.patchkit.release.channel.ChannelAttack.row;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** What is old, frozen, far ahead, or does not belong together. */
final class HostileVersions {

  private HostileVersions() {}

  static List<ChannelAttack> rows() {
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
              lab.clock.advance(Duration.ofDays(400).minusSeconds(1));
              lab.publisher.renew();
              lab.clock.advance(Duration.ofSeconds(1));
            }),
        row(
            34,
            "a timestamp whose time was over before the clock was set back",
            Code.EXPIRED,
            lab -> {
              lab.clock.advance(Duration.ofDays(1));
              lab.client().refresh();
              lab.clock.advance(Duration.ofDays(-365));
              lab.publisher.renew();
            }),
        expires("2030-01-01T00:00:00.5Z"),
        expires("2030-01-01T00:00:00+00:00"),
        expires("2030-01-01"),
        expires("never"),
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
            "a timestamp 2^20 versions and one ahead",
            Code.FAST_FORWARD,
            lab -> version(lab, String.valueOf(3 + (1 << 20) + 1))),
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
            "a snapshot announced with another length",
            Code.MIX_AND_MATCH,
            lab ->
                lab.resign(
                    "timestamp.json",
                    text -> text.replaceAll("\"length\":\\d+", "\"length\":1"),
                    ChannelLab.TIMESTAMP)),
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

  private static ChannelAttack expires(String text) {
    return row(
        34,
        "a timestamp that expires at " + text,
        Code.MALFORMED,
        lab ->
            lab.resign(
                "timestamp.json",
                before -> before.replaceAll("\"expires\":\"[^\"]*", "\"expires\":\"" + text),
                ChannelLab.TIMESTAMP));
  }

  /** Follows the timestamp up to version 4, and no further. */
  private static void refreshKeepingTargets(ChannelLab lab) throws IOException {
    byte[] targets = lab.read("4.targets.json");
    Files.delete(lab.published.resolve("4.targets.json"));
    catchThrowableOfType(ChannelException.class, () -> lab.client().refresh());
    lab.write("4.targets.json", targets);
  }

  private static void version(ChannelLab lab, String version) throws IOException {
    lab.resign(
        "timestamp.json",
        text -> text.replaceAll("\"version\":4\\}$", "\"version\":" + version + "}"),
        ChannelLab.TIMESTAMP);
  }
}
