package io.patchkit.release.channel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.patchkit.SemanticVersion;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import io.patchkit.trust.Curve;
import io.patchkit.trust.Signer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.UnaryOperator;

/** A channel, a client that follows it, a clock for both, and the means of making it hostile. */
final class ChannelLab {

  static final Signer ROOT_A = Signer.generate(Curve.P256);
  static final Signer ROOT_B = Signer.generate(Curve.P384);
  static final Signer TARGETS = Signer.generate(Curve.P256);
  static final Signer SNAPSHOT = Signer.generate(Curve.P256);
  static final Signer TIMESTAMP = Signer.generate(Curve.P256);
  static final Signer OTHER = Signer.generate(Curve.P256);

  static final ChannelKeys KEYS =
      new ChannelKeys(List.of(ROOT_A, ROOT_B), 2, TARGETS, SNAPSHOT, TIMESTAMP);

  static final ChannelEntry GOOD = entry("refuse-harm", "1.2.0", 'a');
  static final ChannelEntry BAD = entry("refuse-harm", "1.1.0", 'b');

  /** A clock that the test sets. */
  static final class SetClock extends Clock {
    private Instant now = Instant.parse("2026-06-01T12:00:00Z");

    void advance(Duration duration) {
      now = now.plus(duration);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  final SetClock clock = new SetClock();
  final Path published;
  final Path state;
  final Path record;
  final ChannelPublisher publisher;
  MetadataFetcher fetcher;

  /** A channel that has published two patches. */
  ChannelLab(Path folder) {
    this(folder, true);
    publisher.publish(GOOD);
    publisher.publish(BAD);
  }

  private ChannelLab(Path folder, boolean isNew) {
    published = folder.resolve("published");
    state = folder.resolve("state");
    record = folder.resolve("record");
    publisher =
        isNew
            ? ChannelPublisher.create(published, KEYS, record, clock)
            : ChannelPublisher.open(published, KEYS, record, clock);
    fetcher = MetadataFetcher.directory(published);
  }

  /** The channel of another lab, and what its client knows of it. */
  static ChannelLab copyOf(Path original, Path folder) throws IOException {
    for (String name : List.of("published", "state", "record")) {
      Path copy = Files.createDirectory(folder.resolve(name));
      try (DirectoryStream<Path> files = Files.newDirectoryStream(original.resolve(name))) {
        for (Path file : files) {
          Files.copy(file, copy.resolve(file.getFileName()));
        }
      }
    }
    return new ChannelLab(folder, false);
  }

  static ChannelEntry entry(String name, String version, char digit) {
    return ChannelEntry.active(
        name, SemanticVersion.parse(version), String.valueOf(digit).repeat(64), 1000);
  }

  ChannelClient client() {
    return ChannelClient.open(state, publisher.firstRoot(), fetcher, clock);
  }

  byte[] read(String name) throws IOException {
    return Files.readAllBytes(published.resolve(name));
  }

  void write(String name, byte[] content) throws IOException {
    Files.write(published.resolve(name), content);
  }

  /** Changes what a file says, in canonical JSON, and has it signed by these. */
  void resign(String name, UnaryOperator<String> change, Signer... signers) throws IOException {
    JsonObject envelope = StrictJson.parseObject(read(name), JsonLimits.large());
    String before =
        new String(CanonicalJson.write(envelope.object("signed")), UTF_8).replace("\n", "\\n");
    String after = change.apply(before);
    write(
        name,
        SignedMetadata.sign(
            StrictJson.parseObject(after.getBytes(UTF_8), JsonLimits.large()), List.of(signers)));
  }

  void resign(String name, String from, String to, Signer... signers) throws IOException {
    resign(name, text -> replaced(text, from, to), signers);
  }

  /** Has the timestamp announce the snapshot of this version as it lies there. */
  void announceSnapshot(int version) throws IOException {
    byte[] content = read(ChannelRole.SNAPSHOT.fileName(version));
    announce(ChannelRole.TIMESTAMP.fileName(), version, content, TIMESTAMP);
  }

  /** Has a snapshot announce targets as they lie there, and the timestamp that snapshot. */
  void announceTargets(int snapshot, int targets) throws IOException {
    byte[] content = read(ChannelRole.TARGETS.fileName(targets));
    announce(ChannelRole.SNAPSHOT.fileName(snapshot), targets, content, SNAPSHOT);
    announceSnapshot(snapshot);
  }

  private void announce(String name, int version, byte[] content, Signer signer)
      throws IOException {
    resign(
        name,
        text ->
            text.replaceFirst(
                "\"hashes\":\\{\"sha256\":\"[0-9a-f]*\"\\},\"length\":\\d+,\"version\":\\d+",
                "\"hashes\":{\"sha256\":\"%s\"},\"length\":%d,\"version\":%d"
                    .formatted(CanonicalJson.sha256(content), content.length, version)),
        signer);
  }

  static String replaced(String text, String from, String to) {
    if (!text.contains(from)) {
      throw new AssertionError("nothing to replace: " + from + " in " + text);
    }
    return text.replace(from, to);
  }
}
