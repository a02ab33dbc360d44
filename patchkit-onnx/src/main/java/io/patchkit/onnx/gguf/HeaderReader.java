package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads a file's little-endian primitives one after another. Every length is checked against the
 * bytes that remain before anything is allocated for it. Not thread-safe.
 */
final class HeaderReader {

  private static final int BUFFER_BYTES = 1 << 16;

  private final FileChannel channel;
  private final long size;
  private final ByteBuffer buffer =
      ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN).limit(0);

  /** File position of the buffer's end. */
  private long filled;

  HeaderReader(FileChannel channel, long size) {
    this.channel = channel;
    this.size = size;
  }

  /** Bytes read so far. */
  long position() {
    return filled - buffer.remaining();
  }

  long remaining() {
    return size - position();
  }

  byte readByte(String what) throws IOException {
    require(1, what);
    return buffer.get();
  }

  short readShort(String what) throws IOException {
    require(2, what);
    return buffer.getShort();
  }

  int readInt(String what) throws IOException {
    require(4, what);
    return buffer.getInt();
  }

  long readLong(String what) throws IOException {
    require(8, what);
    return buffer.getLong();
  }

  /** A count that stands for at least {@code unitBytes} bytes each in the rest of the file. */
  int readCount(String what, long most, int unitBytes) throws IOException {
    long count = readLong(what);
    if (count < 0 || count > most || count > remaining() / unitBytes) {
      throw new CorruptModelException(
          "%s is %s at byte %d; allowed: at most %d and what fits the %d bytes that remain"
              .formatted(what, Long.toUnsignedString(count), position() - 8, most, remaining()));
    }
    return (int) count;
  }

  /** A length-prefixed string of well-formed UTF-8. */
  String readString(String what, int mostBytes) throws IOException {
    int length = readCount(what + " length", mostBytes, 1);
    byte[] bytes = new byte[length];
    int done = 0;
    while (done < length) {
      int part = Math.min(length - done, BUFFER_BYTES);
      require(part, what);
      buffer.get(bytes, done, part);
      done += part;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new CorruptModelException(
          "%s ending at byte %d is not UTF-8".formatted(what, position()), e);
    }
  }

  private void require(int bytes, String what) throws IOException {
    if (buffer.remaining() >= bytes) {
      return;
    }
    if (remaining() < bytes) {
      throw new CorruptModelException(
          "the file ends at byte %d inside %s; download it again".formatted(size, what));
    }
    buffer.compact();
    while (buffer.position() < bytes) {
      int read = channel.read(buffer, filled);
      if (read < 0) {
        throw new CorruptModelException("the file became shorter while it was read");
      }
      filled += read;
    }
    buffer.flip();
  }
}
