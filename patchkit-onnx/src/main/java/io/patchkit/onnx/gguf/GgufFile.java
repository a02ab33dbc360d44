package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import io.patchkit.PatchkitException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An open checkpoint: its header in memory, its tensors read on demand. The opener closes it. Not
 * thread-safe.
 */
final class GgufFile implements AutoCloseable {

  private final Path path;
  private final FileChannel channel;
  private final GgufParser.Header header;

  private GgufFile(Path path, FileChannel channel, GgufParser.Header header) {
    this.path = path;
    this.channel = channel;
    this.header = header;
  }

  /**
   * Opens a checkpoint and checks its header.
   *
   * @throws CorruptModelException if there is no such file or its header is damaged
   * @throws io.patchkit.UnsupportedModelException if its version or a tensor's type is unsupported
   */
  static GgufFile open(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new CorruptModelException("no file at " + path + "; expected a GGUF checkpoint");
    }
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new GgufFile(path, channel, GgufParser.parse(channel, channel.size()));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  GgufMetadata metadata() {
    return header.metadata();
  }

  Map<String, GgufTensor> tensors() {
    return header.tensors();
  }

  @Nullable GgufTensor tensor(String name) {
    return header.tensors().get(name);
  }

  /**
   * A tensor that the model cannot be without.
   *
   * @throws CorruptModelException if the file lacks it
   */
  GgufTensor require(String name) {
    GgufTensor tensor = tensor(name);
    if (tensor == null) {
      throw new CorruptModelException("tensor " + name + " is missing from the checkpoint");
    }
    return tensor;
  }

  /** Fills {@code target} from its position to its limit with a tensor's bytes. */
  void read(GgufTensor tensor, long offset, ByteBuffer target) throws IOException {
    long position = tensor.offset() + offset;
    while (target.hasRemaining()) {
      int read = channel.read(target, position);
      if (read < 0) {
        throw new CorruptModelException(path + " became shorter while it was read");
      }
      position += read;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new PatchkitException("closing " + path + " failed", e);
    }
  }
}
