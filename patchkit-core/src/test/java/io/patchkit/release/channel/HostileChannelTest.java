package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What whoever serves a channel, or stole one of its keys, may hand to a client that has followed
 * it so far. {@link #acceptsTheChannelBeforeItIsMadeHostile} shows that nothing else is wrong.
 */
class HostileChannelTest {

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
  void refuses(ChannelAttack row) throws Exception {
    row.attack().on(lab);
    byte[] before = Files.readAllBytes(lab.state.resolve("targets.json"));
    ChannelException refusal =
        catchThrowableOfType(ChannelException.class, () -> lab.client().refresh());
    assertThat(refusal).as(row.what()).isNotNull();
    assertThat(refusal.code()).as(refusal.getMessage()).isEqualTo(row.code());
    assertThat(Files.readAllBytes(lab.state.resolve("targets.json"))).isEqualTo(before);
  }

  /** What a view says of patches is in {@link ChannelTest} and {@code ListedReleaseTest}. */
  @Test
  void everyCodeHasItsRow() {
    Set<Code> tested =
        EnumSet.of(
            Code.REVOKED,
            Code.WITHDRAWN,
            Code.UNLISTED,
            Code.STALE,
            Code.CLOCK_BEHIND,
            Code.EPOCH_BEHIND,
            Code.OTHER_LABEL,
            Code.RELEASE_MISMATCH);
    rows().forEach(row -> tested.add(row.code()));
    assertThat(tested).containsExactlyInAnyOrder(Code.values());
  }

  static List<ChannelAttack> rows() {
    List<ChannelAttack> rows = new ArrayList<>();
    rows.addAll(HostileVersions.rows());
    rows.addAll(HostileKeys.rows());
    rows.addAll(HostileLists.rows());
    rows.addAll(HostileBytes.rows());
    return rows;
  }
}
