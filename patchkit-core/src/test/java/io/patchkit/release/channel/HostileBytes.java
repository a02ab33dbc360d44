package io.patchkit.release.channel;

import static io.patchkit.release.channel.ChannelAttack.row;

import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;

/** What is endless, missing, damaged, or no metadata at all. */
final class HostileBytes {

  private HostileBytes() {}

  static List<ChannelAttack> rows() {
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
            "a memory whose root has vanished",
            Code.CORRUPT_STATE,
            lab -> Files.delete(lab.state.resolve("root.json"))),
        row(
            40,
            "a damaged memory of the time",
            Code.CORRUPT_STATE,
            lab -> Files.writeString(lab.state.resolve("time"), "noon")),
        row(
            40,
            "a timestamp that calls itself a snapshot",
            Code.MALFORMED,
            lab ->
                lab.resign(
                    "timestamp.json",
                    "\"_type\":\"timestamp\"",
                    "\"_type\":\"snapshot\"",
                    ChannelLab.TIMESTAMP)),
        row(
            40,
            "a timestamp that announces another file too",
            Code.MALFORMED,
            lab ->
                lab.resign(
                    "timestamp.json",
                    text -> text.replace("\"meta\":{", "\"meta\":{\"a.json\":{},"),
                    ChannelLab.TIMESTAMP)),
        row(
            40,
            "a digest in capitals",
            Code.MALFORMED,
            lab ->
                lab.resign(
                    "timestamp.json",
                    text ->
                        text.replaceAll("\"sha256\":\"[^\"]*", "\"sha256\":\"" + "A".repeat(64)),
                    ChannelLab.TIMESTAMP)),
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
            "a timestamp of another part of the specification",
            Code.MALFORMED,
            lab ->
                lab.resign(
                    "timestamp.json",
                    "\"spec_version\":\"1.0.34\"",
                    "\"spec_version\":\"1.0.34.1\"",
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
}
