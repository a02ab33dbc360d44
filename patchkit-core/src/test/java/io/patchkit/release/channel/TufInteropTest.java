package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.Interop;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** python-tuf, the reference implementation of TUF, follows our channels. */
class TufInteropTest {

  @TempDir Path folder;

  @Test
  void itReadsWhatWePublish() throws Exception {
    Path python = Interop.tool("venv/bin/python");
    ChannelLab lab = new ChannelLab(folder);
    lab.clock.advance(Duration.between(lab.clock.instant(), Instant.now()));
    lab.publisher.rotate(
        new ChannelKeys(
            List.of(ChannelLab.ROOT_B, ChannelLab.OTHER),
            2,
            ChannelLab.SNAPSHOT,
            ChannelLab.TARGETS,
            ChannelLab.TIMESTAMP));
    lab.publisher.revoke(ChannelLab.BAD.identity(), "says \"leaks\" \\ é");

    Path root = Files.write(folder.resolve("first.json"), lab.publisher.firstRoot());
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Path script = Path.of("src/test/resources/io/patchkit/release/channel/follow.py");
    Interop.Result result =
        Interop.run(
            List.of(
                python,
                script.toAbsolutePath(),
                root,
                lab.published,
                empty,
                ChannelLab.GOOD.path(),
                ChannelLab.BAD.path(),
                "no/1.0.0"));
    assertThat(result.output().lines())
        .containsExactly(
            "refuse-harm/1.2.0 (1000, '" + "a".repeat(64) + "', 'active')",
            "refuse-harm/1.1.0 (1000, '" + "b".repeat(64) + "', 'revoked')",
            "no/1.0.0 None");
  }
}
