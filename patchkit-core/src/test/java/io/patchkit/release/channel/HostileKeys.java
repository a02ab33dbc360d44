package io.patchkit.release.channel;

import static io.patchkit.release.channel.ChannelAttack.row;

import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.trust.Signer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

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
        changedRoot(
            "a new root in which a role has one key twice",
            text -> text.replaceAll("\"keyids\":\\[(\"[0-9a-f]*\")\\]", "\"keyids\":[$1,$1]")),
        changedRoot(
            "a new root in which a role has a key that is not there",
            text ->
                text.replaceAll(
                    "\"keyids\":\\[(\"[0-9a-f]*\")\\]",
                    "\"keyids\":[$1,\"" + "0".repeat(64) + "\"]")),
        changedRoot(
            "a new root with a key of another type",
            text -> text.replace("\"keytype\":\"ecdsa\"", "\"keytype\":\"rsa\"")),
        changedRoot(
            "a new root with a key of another scheme",
            text -> text.replace("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384")),
        changedRoot(
            "a new root with a key that is none",
            text -> text.replace("BEGIN PUBLIC KEY", "BEGIN CERTIFICATE")),
        changedRoot(
            "a new root whose files may be overwritten",
            text -> text.replace("\"consistent_snapshot\":true", "\"consistent_snapshot\":false")),
        changedRoot(
            "a new root without keys for the timestamp",
            text -> text.replace("\"timestamp\":", "\"timestamps\":")),
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
            "a timestamp with 65 signatures",
            Code.MALFORMED,
            lab -> {
              String other = "{\"keyid\":\"%d\",\"sig\":\"00\"},";
              StringBuilder others = new StringBuilder("\"signatures\": [");
              for (int i = 0; i < 64; i++) {
                others.append(other.formatted(i));
              }
              rewrite(lab, text -> text.replace("\"signatures\": [", others));
            }),
        row(
            37,
            "a timestamp with a signature that is no hexadecimal text",
            Code.MALFORMED,
            lab -> rewrite(lab, text -> text.replace("\"sig\": \"", "\"sig\": \"x"))),
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

  /** A second root that the right keys have signed, and that says what no root may. */
  private static ChannelAttack changedRoot(String what, UnaryOperator<String> change) {
    return row(
        37,
        what,
        Code.MALFORMED,
        lab -> {
          lab.write("2.root.json", lab.read("1.root.json"));
          lab.resign(
              "2.root.json",
              text -> {
                String changed = change.apply(text);
                if (changed.equals(text)) {
                  throw new AssertionError("nothing to replace in " + text);
                }
                return changed.replace("\"version\":1", "\"version\":2");
              },
              ChannelLab.ROOT_A,
              ChannelLab.ROOT_B);
        });
  }

  /** Changes the timestamp's file outside of what is signed. */
  private static void rewrite(ChannelLab lab, UnaryOperator<String> change) throws IOException {
    String text = new String(lab.read("timestamp.json"), StandardCharsets.UTF_8);
    String changed = change.apply(text);
    if (changed.equals(text)) {
      throw new AssertionError("nothing to replace in " + text);
    }
    lab.write("timestamp.json", changed.getBytes(StandardCharsets.UTF_8));
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
