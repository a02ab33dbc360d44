package io.patchkit.release;

import io.patchkit.format.AtomicFiles;
import io.patchkit.format.FormatException;
import io.patchkit.release.StoreException.Reason;
import io.patchkit.release.StoreLayout.NotAFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The records of a store's generations, and which of them is current: {@code generations/N.json},
 * {@code generations/N.good} and {@code current}, which holds {@code N} and the SHA-256 of the
 * record. Methods that write are for the holder of the lock; reading takes no lock.
 */
final class Generations {

  private static final int MAX_BYTES = 4 << 20;
  private static final Pattern CURRENT = Pattern.compile("([1-9][0-9]{0,17}) ([0-9a-f]{64})\n");
  private static final Pattern RECORD = Pattern.compile("([1-9][0-9]{0,17})\\.json");

  private final StoreLayout layout;
  private final AuditLog audit;

  Generations(StoreLayout layout) {
    this.layout = layout;
    this.audit = new AuditLog(layout.audit);
  }

  /**
   * The current generation, generation 0 in a new store.
   *
   * @throws StoreException {@code CORRUPT_GENERATION} if {@code current} or the record is damaged,
   *     or {@code current} is gone
   */
  StackGeneration current() throws IOException {
    String text = readCurrent();
    if (text == null && hadCurrent()) {
      // Unless the first one became current since.
      text = readCurrent();
      if (text == null) {
        throw new StoreException(
            Reason.CORRUPT_GENERATION,
            "expected "
                + layout.current
                + " in a store that has had a generation, found none; the disk or somebody took it"
                + " away");
      }
    }
    if (text == null) {
      return StackGeneration.zero();
    }
    Matcher matcher = CURRENT.matcher(text);
    if (!matcher.matches()) {
      throw new StoreException(
          Reason.CORRUPT_GENERATION,
          "expected a number and a SHA-256 in "
              + layout.current
              + ", found "
              + text.length()
              + " other bytes");
    }
    return read(Long.parseLong(matcher.group(1)), new Digest(matcher.group(2)));
  }

  private @Nullable String readCurrent() throws IOException {
    try {
      return new String(StoreLayout.readBounded(layout.current, 256), StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      return null;
    } catch (NotAFileException e) {
      throw new StoreException(Reason.CORRUPT_GENERATION, String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Whether anything shows that a generation was current. The record of the first one does not: a
   * crash may have kept it from becoming that.
   */
  private boolean hadCurrent() throws IOException {
    List<Long> numbers = numbers();
    return (!numbers.isEmpty() && numbers.get(numbers.size() - 1) > 1)
        || audit.lastGeneration() > 0;
  }

  /** What all requests get: the generation itself, or the baseline of a canary. */
  StackGeneration baseline(StackGeneration generation) throws IOException {
    return generation.isCanary() ? read(generation.baseline()) : generation;
  }

  /**
   * The generation of this number.
   *
   * @throws StoreException {@code UNKNOWN_GENERATION} or {@code CORRUPT_GENERATION}
   */
  StackGeneration read(long number) throws IOException {
    return number == 0 ? StackGeneration.zero() : read(number, null);
  }

  private StackGeneration read(long number, @Nullable Digest expected) throws IOException {
    byte[] text;
    try {
      text = StoreLayout.readBounded(record(number), MAX_BYTES);
    } catch (NoSuchFileException e) {
      throw new StoreException(
          Reason.UNKNOWN_GENERATION,
          "expected generation "
              + number
              + " in "
              + layout.generations
              + ", found none; history lists those that are kept",
          e);
    } catch (NotAFileException e) {
      throw corrupt(number, String.valueOf(e.getMessage()), e);
    }
    if (expected != null && !expected.equals(Digest.of(text))) {
      throw corrupt(number, "its SHA-256 is not the one that " + layout.current + " names", null);
    }
    try {
      StackGeneration generation = GenerationJson.parse(text);
      if (generation.number() != number) {
        throw corrupt(number, "it says that it is " + generation.number(), null);
      }
      return generation;
    } catch (FormatException | IllegalArgumentException | DateTimeException e) {
      throw corrupt(number, String.valueOf(e.getMessage()), e);
    }
  }

  private static StoreException corrupt(long number, String problem, @Nullable Exception cause) {
    String message = "the record of generation " + number + " is damaged: " + problem;
    return cause == null
        ? new StoreException(Reason.CORRUPT_GENERATION, message)
        : new StoreException(Reason.CORRUPT_GENERATION, message, cause);
  }

  /** The numbers of the generations that have a record, ascending. */
  List<Long> numbers() throws IOException {
    List<Long> numbers = new ArrayList<>();
    try (DirectoryStream<Path> content = Files.newDirectoryStream(layout.generations)) {
      for (Path path : content) {
        Matcher matcher = RECORD.matcher(String.valueOf(path.getFileName()));
        if (matcher.matches()) {
          numbers.add(Long.parseLong(matcher.group(1)));
        }
      }
    }
    Collections.sort(numbers);
    return numbers;
  }

  /** Writes the record of a new generation, which is not yet current. */
  void write(StackGeneration generation) throws IOException {
    AtomicFiles.writeFile(record(generation.number()), GenerationJson.write(generation));
  }

  /** Makes a written generation current. This one step is the activation. */
  void makeCurrent(StackGeneration generation) throws IOException {
    Digest digest = Digest.of(GenerationJson.write(generation));
    String text = generation.number() + " " + digest + "\n";
    AtomicFiles.writeFile(layout.current, text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Whether the generation never had to show that it works, or did. */
  boolean isGood(StackGeneration generation) {
    return !generation.onTrial() || isMarkedGood(generation.number());
  }

  boolean isMarkedGood(long number) {
    return Files.exists(goodMark(number));
  }

  void markGood(long number) throws IOException {
    AtomicFiles.writeFile(goodMark(number), new byte[0]);
  }

  void delete(long number) throws IOException {
    Files.deleteIfExists(goodMark(number));
    Files.deleteIfExists(record(number));
  }

  private Path record(long number) {
    return layout.generations.resolve(number + ".json");
  }

  private Path goodMark(long number) {
    return layout.generations.resolve(number + ".good");
  }
}
