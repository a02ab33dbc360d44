package io.patchkit.release.channel;

import java.util.Locale;

/** The four top-level roles of TUF, with the most bytes that their metadata may have. */
enum ChannelRole {
  ROOT(512 << 10),
  TIMESTAMP(16 << 10),
  SNAPSHOT(2 << 20),
  TARGETS(16 << 20);

  private final int maxBytes;

  ChannelRole(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  int maxBytes() {
    return maxBytes;
  }

  /** What TUF calls the role: {@code root}. */
  String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The name of the role's file in the format: {@code root.json}. */
  String fileName() {
    return id() + ".json";
  }

  /** The name under which one version of the file is kept: {@code 3.root.json}. */
  String fileName(int version) {
    return version + "." + fileName();
  }

  /** The name under which one version is published: the timestamp's is always the same. */
  String publishedName(int version) {
    return this == TIMESTAMP ? fileName() : fileName(version);
  }
}
