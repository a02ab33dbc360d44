package io.patchkit.train;

import io.patchkit.PatchkitException;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Files of one JSON object a line, read one line at a time. A last line without its line feed that
 * does not read is what a crash left: it is passed over in reading, and cut off before appending.
 */
final class JsonLines {

  private static final Logger LOGGER = System.getLogger(JsonLines.class.getName());

  private static final JsonLimits LIMITS = JsonLimits.large();

  private JsonLines() {}

  /** The values of all lines, lazily; blank lines are passed over. Close the stream. */
  static <T> Stream<T> read(Path file, Function<JsonObject, T> decoder) {
    try {
      Lines<T> lines = new Lines<>(file, decoder);
      return StreamSupport.stream(
              Spliterators.spliteratorUnknownSize(lines, Spliterator.ORDERED), false)
          .onClose(lines::close);
    } catch (IOException e) {
      throw new PatchkitException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /** Appends one object as a line. The file is made if there is none. */
  static void append(Path file, JsonObject json) throws IOException {
    // Not a channel, which an interrupted thread would close.
    try (OutputStream out = new FileOutputStream(file.toFile(), true)) {
      out.write((json + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Makes a file that may end within a line end with a whole one. */
  static void repair(Path file) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      long size = access.length();
      long start = afterLineFeed(access, size);
      if (start == size) {
        return;
      }
      byte[] line = new byte[(int) Math.min(size - start, LIMITS.maxBytes())];
      access.seek(start);
      access.readFully(line);
      if (size - start == line.length && reads(line)) {
        access.seek(size);
        access.write('\n');
      } else {
        access.setLength(start);
      }
    }
  }

  /** The number of line feeds in a file. */
  static long count(Path file) throws IOException {
    long count = 0;
    byte[] block = new byte[8192];
    try (InputStream in = Files.newInputStream(file)) {
      for (int length = in.read(block); length >= 0; length = in.read(block)) {
        for (int i = 0; i < length; i++) {
          count += block[i] == '\n' ? 1 : 0;
        }
      }
    }
    return count;
  }

  /** Cuts off all lines of a file but so many first ones. */
  static void keep(Path file, long lines) throws IOException {
    long length = 0;
    long left = lines;
    try (InputStream in = new BufferedInputStream(new FileInputStream(file.toFile()))) {
      while (left > 0) {
        int b = in.read();
        if (b < 0) {
          return;
        }
        length++;
        left -= b == '\n' ? 1 : 0;
      }
    }
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      access.setLength(length);
    }
  }

  /** The place after the last line feed before {@code end}, or 0. */
  private static long afterLineFeed(RandomAccessFile access, long end) throws IOException {
    byte[] block = new byte[8192];
    long rest = end;
    while (rest > 0) {
      int length = (int) Math.min(block.length, rest);
      access.seek(rest - length);
      access.readFully(block, 0, length);
      for (int i = length - 1; i >= 0; i--) {
        if (block[i] == '\n') {
          return rest - length + i + 1;
        }
      }
      rest -= length;
    }
    return 0;
  }

  private static boolean reads(byte[] line) {
    try {
      StrictJson.parseObject(line, LIMITS);
      return true;
    } catch (FormatException e) {
      return false;
    }
  }

  /** One pass over a file. */
  private static final class Lines<T> implements Iterator<T>, AutoCloseable {

    private final Path file;
    private final Function<JsonObject, T> decoder;
    private final InputStream in;
    private long number;
    private boolean ended;
    private @Nullable T next;

    Lines(Path file, Function<JsonObject, T> decoder) throws IOException {
      this.file = file;
      this.decoder = decoder;
      // Says of a file that is missing that it is, which Files leaves to the type of the exception.
      this.in = new BufferedInputStream(new FileInputStream(file.toFile()));
    }

    @Override
    public boolean hasNext() {
      while (next == null && !ended) {
        readOne();
      }
      return next != null;
    }

    @Override
    public T next() {
      T value = hasNext() ? next : null;
      if (value == null) {
        throw new NoSuchElementException();
      }
      next = null;
      return value;
    }

    private void readOne() {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      boolean whole = readLine(line);
      number++;
      if (line.toString(StandardCharsets.UTF_8).isBlank()) {
        return;
      }
      try {
        next = decoder.apply(StrictJson.parseObject(line.toByteArray(), LIMITS));
      } catch (FormatException | IllegalArgumentException e) {
        if (whole || reads(line.toByteArray())) {
          throw new PatchkitException(file + ", line " + number + ": " + e.getMessage(), e);
        }
        LOGGER.log(Level.WARNING, "passing over the unfinished last line of {0}", file);
      }
    }

    /** Reads to a line feed, which is not kept, or to the end. */
    private boolean readLine(ByteArrayOutputStream line) {
      try {
        for (int b = in.read(); b >= 0; b = in.read()) {
          if (b == '\n') {
            return true;
          }
          if (line.size() == LIMITS.maxBytes()) {
            throw new PatchkitException(
                file
                    + ", line "
                    + (number + 1)
                    + ": expected at most "
                    + LIMITS.maxBytes()
                    + " bytes a line, found more; is this JSONL?");
          }
          line.write(b);
        }
      } catch (IOException e) {
        throw new PatchkitException("cannot read " + file + ": " + e.getMessage(), e);
      }
      ended = true;
      return false;
    }

    @Override
    public void close() {
      ended = true;
      next = null;
      try {
        in.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
