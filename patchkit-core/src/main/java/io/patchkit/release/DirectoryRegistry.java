package io.patchkit.release;

import io.patchkit.SemanticVersion;
import io.patchkit.format.AtomicFiles;
import io.patchkit.format.InterprocessLock;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.PatchFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/**
 * A registry in a directory, which may be a share or a stick: for each patch an <a
 * href="https://github.com/opencontainers/image-spec/blob/main/image-layout.md">OCI image
 * layout</a>, in which each version is a reference. {@code skopeo copy} and {@code oras cp} carry
 * releases between such a directory and a registry that is a server.
 */
public final class DirectoryRegistry implements PatchRegistry {

  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(30);

  private final Path root;
  private final Duration lockTimeout;

  private DirectoryRegistry(Path root, Duration lockTimeout) {
    this.root = root;
    this.lockTimeout = lockTimeout;
  }

  /** The registry in a directory, which is made by the first publication if it is not there. */
  public static DirectoryRegistry open(Path root) {
    return open(root, LOCK_TIMEOUT);
  }

  static DirectoryRegistry open(Path root, Duration lockTimeout) {
    return new DirectoryRegistry(root.toAbsolutePath().normalize(), lockTimeout);
  }

  @Override
  public List<SemanticVersion> list(String name) {
    return reading(() -> List.copyOf(index(layout(name)).manifests().keySet()));
  }

  @Override
  public Release find(String name, SemanticVersion version) {
    return reading(
        () -> {
          OciDescriptor found = index(layout(name)).manifests().get(version);
          if (found == null) {
            throw new RegistryException(
                Reason.NOT_FOUND,
                "expected " + name + " " + version + " in " + root + ", found none");
          }
          return new Release(name, version, found.digest());
        });
  }

  @Override
  public PulledPatch pull(Release release) {
    Release found = find(release.name(), release.version());
    if (!found.manifest().equals(release.manifest())) {
      throw OciPull.moved(release, found.manifest());
    }
    Path layout = layout(release.name());
    return reading(
        () ->
            OciPull.pull(
                release,
                read(layout, release.manifest(), OciManifest.MAX_BYTES),
                blob -> reading(() -> fetch(layout, blob))));
  }

  private static byte[] fetch(Path layout, OciDescriptor blob) throws IOException {
    return OciPull.requireBlob(blob, read(layout, blob.digest(), blob.size()));
  }

  private static byte[] read(Path layout, Digest digest, int maxBytes) throws IOException {
    Path file = blob(layout, digest);
    try {
      long size = Files.size(file);
      if (size > maxBytes) {
        throw new RegistryException(
            Reason.SIZE_MISMATCH,
            file + ": expected at most " + maxBytes + " bytes, found " + size);
      }
      return StoreLayout.readBounded(file, maxBytes);
    } catch (NoSuchFileException e) {
      throw new RegistryException(
          Reason.MISSING_BLOB, "expected the blob " + file + ", found none", e);
    }
  }

  @Override
  public Release publish(
      String name, SemanticVersion version, PatchFiles files, List<byte[]> bundles) {
    Path layout = layout(name);
    Map<Digest, byte[]> content = new HashMap<>();
    OciManifest manifest = OciManifest.of(files, bundles, content);
    byte[] manifestBytes = manifest.toBytes();
    Digest digest = Digest.of(manifestBytes);
    content.put(digest, manifestBytes);
    return reading(
        () -> {
          Files.createDirectories(layout.resolve("blobs").resolve("sha256"));
          InterprocessLock.Held lock = lock(layout.toRealPath().resolve(".lock"));
          try {
            OciIndex index = index(layout);
            OciDescriptor other = index.manifests().get(version);
            if (other != null && !other.digest().equals(digest)) {
              throw OciPull.taken(name + " " + version, digest, other.digest());
            }
            for (Map.Entry<Digest, byte[]> blob : content.entrySet()) {
              AtomicFiles.writeFile(blob(layout, blob.getKey()), blob.getValue());
            }
            write(layout, index.with(version, digest, manifestBytes.length));
            return new Release(name, version, digest);
          } finally {
            lock.release();
          }
        });
  }

  private InterprocessLock.Held lock(Path file) throws IOException {
    try {
      return new InterprocessLock(file).acquire(lockTimeout);
    } catch (TimeoutException e) {
      throw new RegistryException(
          Reason.IO,
          "expected the lock "
              + file
              + " within "
              + lockTimeout
              + ", found it held by "
              + e.getMessage()
              + ", which publishes; try again",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryException(Reason.IO, "interrupted while waiting for " + file, e);
    }
  }

  private static void write(Path layout, OciIndex index) throws IOException {
    AtomicFiles.writeFile(
        layout.resolve("oci-layout"),
        "{\"imageLayoutVersion\":\"1.0.0\"}\n".getBytes(StandardCharsets.US_ASCII));
    AtomicFiles.writeFile(layout.resolve("index.json"), index.toBytes());
  }

  private static OciIndex index(Path layout) throws IOException {
    try {
      return OciIndex.parse(
          StoreLayout.readBounded(layout.resolve("index.json"), OciIndex.MAX_BYTES));
    } catch (NoSuchFileException e) {
      return OciIndex.empty();
    } catch (RegistryException e) {
      throw new RegistryException(
          e.reason(), layout + " is no OCI image layout: " + e.getMessage(), e);
    }
  }

  private Path layout(String name) {
    PatchNames.require(name);
    return root.resolve(name);
  }

  private static Path blob(Path layout, Digest digest) {
    return layout.resolve("blobs").resolve("sha256").resolve(digest.hex());
  }

  private <T> T reading(StoreWork<T> work) {
    try {
      return work.run();
    } catch (IOException e) {
      throw new RegistryException(Reason.IO, "the registry " + root + " failed: " + e, e);
    }
  }

  @Override
  public String toString() {
    return "DirectoryRegistry[" + root + "]";
  }
}
