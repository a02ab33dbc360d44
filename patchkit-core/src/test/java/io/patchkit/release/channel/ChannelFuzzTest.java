package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/**
 * Whatever the bytes of metadata: a value that writes back to an equal one, or a {@link
 * ChannelException}. docs/trust.md tells how a campaign is run.
 */
class ChannelFuzzTest {

  @FuzzTest
  void root(byte[] text) {
    try {
      RootMetadata root = envelope(ChannelRole.ROOT, text).read(RootMetadata::read);
      assertThat(RootMetadata.read(root.json())).isEqualTo(root);
    } catch (ChannelException e) {
      assertThat(e.code()).isNotNull();
    }
  }

  @FuzzTest
  void timestamp(byte[] text) {
    pointer(ChannelRole.TIMESTAMP, text);
  }

  @FuzzTest
  void snapshot(byte[] text) {
    pointer(ChannelRole.SNAPSHOT, text);
  }

  private static void pointer(ChannelRole role, byte[] text) {
    try {
      PointerMetadata pointer = envelope(role, text).read(json -> PointerMetadata.read(role, json));
      assertThat(PointerMetadata.read(role, pointer.json(role))).isEqualTo(pointer);
    } catch (ChannelException e) {
      assertThat(e.code()).isNotNull();
    }
  }

  @FuzzTest
  void targets(byte[] text) {
    try {
      TargetsMetadata targets = envelope(ChannelRole.TARGETS, text).read(TargetsMetadata::read);
      assertThat(TargetsMetadata.read(targets.json())).isEqualTo(targets);
    } catch (ChannelException e) {
      assertThat(e.code()).isNotNull();
    }
  }

  /** What signatures are made over has one form, whatever form it came in. */
  private static SignedMetadata envelope(ChannelRole role, byte[] text) {
    SignedMetadata signed = SignedMetadata.parse(role, text);
    SignedMetadata again =
        SignedMetadata.parse(role, SignedMetadata.sign(signed.signed(), List.of()));
    assertThat(again.saysTheSameAs(signed)).isTrue();
    return signed;
  }
}
