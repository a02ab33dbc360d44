package io.patchkit.release.channel;

import static io.patchkit.release.channel.ChannelAttack.row;
import static io.patchkit.release.channel.ChannelLab.replaced;

import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;

/** What a list may not say of patches, whoever signed it. */
final class HostileLists {

  private HostileLists() {}

  static List<ChannelAttack> rows() {
    return List.of(
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
            "a patch whose security epoch went back",
            Code.EPOCH_ROLLBACK,
            lab ->
                changeAfterRaising(
                    lab, text -> replaced(text, "\"securityEpoch\":2", "\"securityEpoch\":1"))),
        row(
            40,
            "a patch whose security epoch is gone",
            Code.EPOCH_ROLLBACK,
            lab -> changeAfterRaising(lab, text -> replaced(text, "\"securityEpoch\":2,", ""))),
        row(
            40,
            "a name whose patch of the highest security epoch is listed no more",
            Code.EPOCH_ROLLBACK,
            lab ->
                changeAfterRaising(
                    lab,
                    text -> text.replaceAll("\"less-toxic/2.0.0\":\\{.*?\\}.*?\\}.*?\\},", ""))),
        row(
            40,
            "another patch in the place of that of the highest security epoch",
            Code.EPOCH_ROLLBACK,
            lab ->
                changeAfterRaising(
                    lab,
                    text ->
                        replaced(text, "\"securityEpoch\":2", "\"securityEpoch\":1")
                            .replace("d".repeat(64), "e".repeat(64)))),
        row(
            40,
            "a security epoch below zero",
            Code.MALFORMED,
            lab ->
                changeAfterRaising(
                    lab, text -> replaced(text, "\"securityEpoch\":2", "\"securityEpoch\":-1"))),
        row(
            40,
            "a manifest that is no SHA-256",
            Code.MALFORMED,
            lab ->
                changeAfterRaising(
                    lab,
                    text ->
                        replaced(
                            text,
                            "\"securityEpoch\":2",
                            "\"manifest\":\"" + "d".repeat(64) + "\",\"securityEpoch\":2"))),
        row(
            40,
            "one patch under two versions",
            Code.MALFORMED,
            lab -> {
              lab.resign("4.targets.json", "b".repeat(64), "a".repeat(64), ChannelLab.TARGETS);
              lab.announceTargets(4, 4);
            }),
        changed("a path without a version", "refuse-harm/1.1.0", "refuse-harm"),
        changed("a path with more behind the version", "refuse-harm/1.1.0", "refuse-harm/1.1.0/x"),
        changed("a name in capitals", "refuse-harm/1.1.0", "Refuse-harm/1.1.0"),
        changed("a name of 65 characters", "refuse-harm/1.1.0", "x".repeat(65) + "/1.1.0"),
        changed("an identity in capitals", "b".repeat(64), "B".repeat(64)),
        changed("a withdrawal without a reason", "\"active\"", "\"withdrawn\""),
        changed("a reason for an active patch", "\"status\"", "\"reason\":\"x\",\"status\""),
        changed(
            "a reason of 1001 characters",
            "\"status\":\"active\"",
            "\"reason\":\"" + "x".repeat(1001) + "\",\"status\":\"withdrawn\""),
        changed("a patch of no bytes", "\"length\":1000", "\"length\":0"),
        changed("a patch of 256 KiB and a byte", "\"length\":1000", "\"length\":262145"),
        row(
            40,
            "20,001 patches",
            Code.MALFORMED,
            lab -> {
              StringBuilder many = new StringBuilder("\"targets\":{");
              for (int i = 0; i < 20_001; i++) {
                many.append(
                    "\"p/0.0.%d\":{\"custom\":{\"status\":\"active\"},\"hashes\":{\"sha256\":\"%064x\"},\"length\":1},"
                        .formatted(i, i));
              }
              lab.resign("4.targets.json", "\"targets\":{", many.toString(), ChannelLab.TARGETS);
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
            "a label that is none",
            Code.MALFORMED,
            lab -> {
              lab.resign("4.targets.json", "\"stable\"", "\"St able\"", ChannelLab.TARGETS);
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
            }));
  }

  /** A list that the right key has signed, and that says what no list may. */
  private static ChannelAttack changed(String what, String from, String to) {
    return row(
        40,
        what,
        Code.MALFORMED,
        lab -> {
          lab.resign("4.targets.json", from, to, ChannelLab.TARGETS);
          lab.announceTargets(4, 4);
        });
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

  /** The client sees a patch of security epoch 2; then the targets' key signs something else. */
  private static void changeAfterRaising(ChannelLab lab, UnaryOperator<String> change)
      throws IOException {
    lab.publisher.publish(ChannelLab.entry("less-toxic", "2.0.0", 'd').withSecurityEpoch(2));
    lab.client().refresh();
    lab.publisher.renew();
    lab.resign("6.targets.json", change, ChannelLab.TARGETS);
    lab.announceTargets(6, 6);
  }
}
