package io.patchkit.release.channel;

import static io.patchkit.release.channel.ChannelAttack.row;

import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.trust.Signer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** What other keys have signed than those that count, or too few of them. */
final class HostileKeys {

  private HostileKeys() {}

  static List<ChannelAttack> rows() {
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
}
