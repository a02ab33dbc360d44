package io.patchkit.release;

import io.patchkit.format.FormatException;
import io.patchkit.release.StoreException.Reason;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who did what to a store and when: a file of JSON lines, each of which holds the SHA-256 of the
 * line before it. A line that is changed, left out or put in breaks the chain from there on. What
 * the chain alone cannot show is that its last lines are gone; the current generation does.
 *
 * <p>Appending is for the holder of the lock; it forces the line to the disk. A crash may leave the
 * last line without its line feed: such a line was never reported as written, reading passes over
 * it, and the next append takes it away.
 */
final class AuditLog {

  private static final System.Logger LOG = System.getLogger(AuditLog.class.getName());
  private static final Digest NONE = new Digest("0".repeat(64));

  /** Longer than any entry: a stack of some thousand patches. */
  static final int MAX_LINE = 256 << 10;

  private final Path file;

  AuditLog(Path file) {
    this.file = file;
  }

  /**
   * All entries, each held against the one before it.
   *
   * @throws StoreException {@code AUDIT_BROKEN}, naming the line
   */
  List<AuditEntry> read() throws IOException {
    List<AuditEntry> entries = new ArrayList<>();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      Digest previous = NONE;
      for (byte[] line = readLine(in); line != null; line = readLine(in)) {
        entries.add(parse(line, entries.size() + 1L, previous));
        previous = Digest.of(line);
      }
    } catch (NoSuchFileException e) {
      return List.of();
    }
    return List.copyOf(entries);
  }

  private AuditEntry parse(byte[] line, long sequence, @Nullable Digest previous) {
    AuditEntry entry;
    try {
      entry = AuditJson.parse(line);
    } catch (FormatException | IllegalArgumentException | DateTimeException e) {
      throw broken("line " + sequence, "an audit entry", String.valueOf(e.getMessage()));
    }
    if (previous != null && entry.sequence() != sequence) {
      throw broken("line " + sequence, "entry " + sequence, "entry " + entry.sequence());
    }
    if (previous != null && !entry.previous().equals(previous)) {
      throw broken(
          "line " + sequence,
          "previous = " + previous.abbreviated(),
          entry.previous().abbreviated());
    }
    return entry;
  }

  /**
   * The end of the log.
   *
   * @param entry the last whole entry, null if there is none
   * @param digest of its line
   * @param torn bytes of a torn line behind it
   */
  private record Tail(@Nullable AuditEntry entry, Digest digest, int torn) {}

  /** The last entry, null if there is none. A torn line behind it is taken away. */
  @Nullable AuditEntry repair() throws IOException {
    return tail().entry();
  }

  /** The generation that was current at the last entry, 0 if there is none. Changes nothing. */
  long lastGeneration() throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      AuditEntry last = tail(channel).entry();
      return last == null ? 0 : last.generation();
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /**
   * The entry that would come behind the last one.
   *
   * @throws IllegalArgumentException if its line would be longer than any that is read, so that it
   *     must not be done what it says
   */
  AuditEntry next(
      Instant time,
      AuditEntry.Action action,
      Change change,
      StackGeneration generation,
      List<Digest> patches,
      @Nullable Long target)
      throws IOException {
    Tail tail = tail();
    AuditEntry entry =
        new AuditEntry(
            tail.entry() == null ? 1 : tail.entry().sequence() + 1,
            time,
            action,
            change,
            generation.number(),
            generation.stackDigest(),
            patches,
            target,
            tail.digest());
    int length = AuditJson.write(entry).length;
    if (length > MAX_LINE) {
      throw new IllegalArgumentException(
          patches.size()
              + " patches at once make an audit entry of "
              + length
              + " bytes; allowed: at most "
              + MAX_LINE
              + ", so take fewer");
    }
    return entry;
  }

  /**
   * Appends an entry.
   *
   * @param entry made by {@link #next}, since when nothing was appended
   */
  void append(AuditEntry entry) throws IOException {
    byte[] line = AuditJson.write(entry);
    ByteBuffer buffer = ByteBuffer.allocate(line.length + 1).put(line).put((byte) '\n').flip();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long start = channel.size();
      try {
        channel.position(start);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      } catch (IOException e) {
        channel.truncate(start);
        throw new IOException(file + ": " + e.getMessage(), e);
      }
    }
  }

  private Tail tail() throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      Tail tail = tail(channel);
      if (tail.torn() > 0) {
        LOG.log(
            System.Logger.Level.WARNING,
            "{0} ends in {1} bytes of an entry that a crash cut short; taking them away",
            file,
            tail.torn());
        channel.truncate(channel.size() - tail.torn());
        channel.force(true);
      }
      return tail;
    } catch (NoSuchFileException e) {
      return new Tail(null, NONE, 0);
    }
  }

  private Tail tail(FileChannel channel) throws IOException {
    long size = channel.size();
    int length = (int) Math.min(size, 2L * MAX_LINE);
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining() && channel.read(buffer, size - buffer.remaining()) >= 0) {
      // Reads on until the buffer is full.
    }
    byte[] bytes = buffer.array();
    int end = lastLineFeed(bytes, length);
    if (end < 0 && size > length) {
      throw broken("the end", "a line of at most " + MAX_LINE + " bytes", "a longer one");
    }
    int torn = length - (end + 1);
    if (end < 0) {
      return new Tail(null, NONE, torn);
    }
    byte[] line = Arrays.copyOfRange(bytes, lastLineFeed(bytes, end) + 1, end);
    AuditEntry entry = parse(line, -1, null);
    return new Tail(entry, Digest.of(line), torn);
  }

  private static int lastLineFeed(byte[] bytes, int end) {
    for (int i = end - 1; i >= 0; i--) {
      if (bytes[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /** The next whole line, null at the end or where only a torn one is left. */
  private byte @Nullable [] readLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(512);
    for (int b = in.read(); b >= 0; b = in.read()) {
      if (b == '\n') {
        return line.toByteArray();
      }
      if (line.size() == MAX_LINE) {
        throw broken("a line", "at most " + MAX_LINE + " bytes", "more");
      }
      line.write(b);
    }
    return null;
  }

  private StoreException broken(String where, String expected, String found) {
    return new StoreException(
        Reason.AUDIT_BROKEN,
        file
            + ", "
            + where
            + ": expected "
            + expected
            + ", found "
            + found
            + "; the log was changed by something else than Patchkit: find out by what, and move"
            + " it away to keep it; the next change begins a new one");
  }
}
