package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.Mutants;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Whatever the bytes of metadata: {@link ChannelException} or a value that writes back the same.
 */
class ForeignMetadataTest {

  private static final Map<ChannelRole, byte[]> ORIGINALS = new EnumMap<>(ChannelRole.class);

  @BeforeContainer
  static void publish() throws IOException {
    ChannelLab lab = new ChannelLab(Files.createTempDirectory("channel"));
    lab.publisher.revoke(ChannelLab.BAD.identity(), "leaks");
    Path published = lab.published;
    for (ChannelRole role : ChannelRole.values()) {
      Path file =
          switch (role) {
            case ROOT -> published.resolve("1.root.json");
            case TIMESTAMP -> published.resolve("timestamp.json");
            case SNAPSHOT, TARGETS -> published.resolve(role.fileName(4));
          };
      ORIGINALS.put(role, Files.readAllBytes(file));
    }
  }

  @Property(tries = 4000)
  void isReadOrRefused(@ForAll ChannelRole role, @ForAll long seed) {
    byte[] mutant = Mutants.of(ORIGINALS.get(role), seed);
    try {
      SignedMetadata signed = SignedMetadata.parse(role, mutant);
      assertThat(CanonicalJson.write(signed.signed())).isNotEmpty();
      switch (role) {
        case ROOT -> {
          RootMetadata root = signed.read(RootMetadata::read);
          assertThat(RootMetadata.read(root.json())).isEqualTo(root);
        }
        case TIMESTAMP, SNAPSHOT -> {
          PointerMetadata pointer = signed.read(json -> PointerMetadata.read(role, json));
          assertThat(PointerMetadata.read(role, pointer.json(role))).isEqualTo(pointer);
        }
        case TARGETS -> {
          TargetsMetadata targets = signed.read(TargetsMetadata::read);
          assertThat(TargetsMetadata.read(targets.json())).isEqualTo(targets);
        }
      }
    } catch (ChannelException e) {
      assertThat(e.code()).isNotNull();
    }
  }
}
