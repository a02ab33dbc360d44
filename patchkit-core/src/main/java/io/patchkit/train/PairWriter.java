package io.patchkit.train;

import io.patchkit.ContextOverflowException;
import io.patchkit.PatchkitException;
import io.patchkit.Prompt;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonObject;
import io.patchkit.train.PairFilter.Verdict;
import io.patchkit.train.PreferencePairs.Scorer;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides on candidates one by one, appending the pairs that are kept to a file and every decision
 * to its journal. The pair is written first: cut off between the two, a candidate is decided again.
 * A loss of power may take the end of either; what only one of them knows is decided again, too.
 * Not thread-safe.
 */
final class PairWriter {

  private static final Logger LOGGER = System.getLogger(PairWriter.class.getName());

  private final Path file;
  private final Path journal;
  private final PairFilter filter;
  private final @Nullable Scorer scorer;
  private final Map<Verdict, Long> counts = new EnumMap<>(Verdict.class);

  /** Decided by an earlier run, and not yet offered in this one. */
  private final Set<Long> decided = new HashSet<>();

  /** Offered in this run. */
  private final Set<Long> seen = new HashSet<>();

  private long duplicates;

  /** A line of the journal. */
  private sealed interface Entry {

    static Entry of(JsonObject line) {
      String settings = line.optionalString("settings");
      return settings == null
          ? new Decision(
              line.integer("key", Long.MIN_VALUE, Long.MAX_VALUE),
              Verdict.valueOf(line.string("verdict")))
          : new Settings(settings);
    }
  }

  /** What the file was begun with. */
  private record Settings(String text) implements Entry {}

  /** What became of a candidate. */
  private record Decision(long key, Verdict verdict) implements Entry {}

  private PairWriter(Path file, PairFilter filter, @Nullable Scorer scorer) {
    this.file = file;
    this.journal = file.resolveSibling(file.getFileName() + ".journal");
    this.filter = filter;
    this.scorer = scorer;
  }

  /** Takes up a file where an earlier run left it. */
  static PairWriter open(Path file, PairFilter filter, @Nullable Scorer scorer) {
    PairWriter writer = new PairWriter(file, filter, scorer);
    try {
      writer.requireBuiltHere();
      if (!Files.exists(file)) {
        Files.createFile(file);
      }
      JsonLines.repair(file);
      JsonLines.repair(writer.journal);
      writer.cutToWhatBothKnow();
      writer.readJournal();
    } catch (IOException e) {
      throw writer.failed(e);
    }
    return writer;
  }

  /** Before anything is cut off: a file of something else stays as it is. */
  private void requireBuiltHere() throws IOException {
    if (Files.exists(file) && Files.size(file) > 0 && !isBegun()) {
      throw new PatchkitException(
          file
              + " is not empty and has no journal "
              + journal
              + ": it was not built here; build into another file, or read it and copy");
    }
  }

  private boolean isBegun() {
    if (!Files.exists(journal)) {
      return false;
    }
    try (Stream<JsonObject> lines = JsonLines.read(journal, line -> line)) {
      return lines.findFirst().map(line -> line.has("settings")).orElse(false);
    }
  }

  /** Leaves the first pairs that the file holds and the journal knows, which are the same. */
  private void cutToWhatBothKnow() throws IOException {
    List<Long> keys = new ArrayList<>();
    List<Long> linesBefore = new ArrayList<>();
    readKept(keys, linesBefore);
    long held = JsonLines.count(file);
    if (held == keys.size()) {
      return;
    }
    if (!holdsThese(keys)) {
      throw new PatchkitException(
          file
              + " holds "
              + held
              + " pairs, but its journal knows "
              + keys.size()
              + ", and they are not the same: it was changed since; build into another file, or"
              + " delete both");
    }
    if (held > keys.size()) {
      JsonLines.keep(file, keys.size());
    } else {
      JsonLines.keep(journal, linesBefore.get((int) held));
    }
  }

  /**
   * Reads what the journal knows of pairs that were kept.
   *
   * @param keys takes theirs
   * @param linesBefore takes how many lines stand before each
   */
  private void readKept(List<Long> keys, List<Long> linesBefore) {
    if (!Files.exists(journal)) {
      return;
    }
    long line = 0;
    try (Stream<Entry> entries = JsonLines.read(journal, Entry::of)) {
      for (Entry entry : (Iterable<Entry>) entries::iterator) {
        if (entry instanceof Decision decision && decision.verdict() == Verdict.KEPT) {
          keys.add(decision.key());
          linesBefore.add(line);
        }
        line++;
      }
    }
  }

  /** Whether all lines of the file are pairs, and the first ones those of these keys. */
  private boolean holdsThese(List<Long> keys) {
    int next = 0;
    try (Stream<Optional<PreferencePair>> lines = JsonLines.read(file, PairWriter::pairOf)) {
      for (Optional<PreferencePair> line : (Iterable<Optional<PreferencePair>>) lines::iterator) {
        boolean isKnown =
            line.isPresent()
                && (next >= keys.size()
                    || key(line.get()) == keys.get(next)
                    || key(line.get().prompt()) == keys.get(next));
        if (!isKnown) {
          return false;
        }
        next++;
      }
    }
    return true;
  }

  private static Optional<PreferencePair> pairOf(JsonObject line) {
    try {
      return Optional.of(TrlJson.pair(line));
    } catch (FormatException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** What a prompt that is to be answered is known by. */
  static long key(Prompt prompt) {
    return new DataDigest().add(TrlJson.key(prompt)).leadingLong();
  }

  /** What a pair that was made elsewhere is known by. */
  static long key(PreferencePair pair) {
    return new DataDigest().add(TrlJson.of(pair, null, null).toString()).leadingLong();
  }

  private void readJournal() throws IOException {
    String settings = filter + (scorer == null ? " unscored" : " scored by " + scorer.name());
    if (!Files.exists(journal) || Files.size(journal) == 0) {
      JsonLines.append(journal, JsonObject.builder().put("settings", settings).build());
      return;
    }
    try (Stream<Entry> entries = JsonLines.read(journal, Entry::of)) {
      entries.forEach(entry -> take(entry, settings));
    }
  }

  private void take(Entry entry, String settings) {
    if (entry instanceof Decision decision) {
      decided.add(decision.key());
      counts.merge(decision.verdict(), 1L, Long::sum);
    } else if (entry instanceof Settings found && !found.text().equals(settings)) {
      throw new PatchkitException(
          file
              + " was begun with "
              + found.text()
              + ", not with "
              + settings
              + "; go on with the filter and judge of before, or build into another file");
    }
  }

  /**
   * Decides on a candidate, unless an earlier run has; one that came before in this run is none.
   */
  void offer(long key, Supplier<PreferencePair> candidate) {
    if (!seen.add(key)) {
      duplicates++;
      return;
    }
    if (decided.remove(key)) {
      return;
    }
    try {
      PreferencePair pair = answered(candidate);
      if (pair == null) {
        record(key, Verdict.UNANSWERED);
      } else {
        decide(key, pair);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static @Nullable PreferencePair answered(Supplier<PreferencePair> candidate) {
    try {
      return candidate.get();
    } catch (IllegalArgumentException | ContextOverflowException e) {
      LOGGER.log(Level.WARNING, "leaving out a prompt without an answer: {0}", e.getMessage());
      return null;
    }
  }

  private void decide(long key, PreferencePair pair) throws IOException {
    Double chosen = null;
    Double rejected = null;
    Verdict verdict = Verdict.IDENTICAL;
    if (!pair.chosen().text().equals(pair.rejected().text())) {
      verdict = Verdict.KEPT;
      if (scorer != null) {
        chosen = FiniteScore.of(scorer.score(), pair.prompt(), pair.chosen());
        rejected = FiniteScore.of(scorer.score(), pair.prompt(), pair.rejected());
        verdict = filter.verdict(chosen, rejected);
      }
    }
    if (verdict == Verdict.KEPT) {
      JsonLines.append(file, TrlJson.of(pair, chosen, rejected));
    }
    record(key, verdict);
  }

  private void record(long key, Verdict verdict) throws IOException {
    JsonLines.append(
        journal, JsonObject.builder().put("key", key).put("verdict", verdict.name()).build());
    counts.merge(verdict, 1L, Long::sum);
  }

  PairCounts counts() {
    return new PairCounts(
        counts.getOrDefault(Verdict.KEPT, 0L),
        counts.getOrDefault(Verdict.IDENTICAL, 0L),
        counts.getOrDefault(Verdict.CHOSEN_TOO_LOW, 0L),
        counts.getOrDefault(Verdict.MARGIN_TOO_LOW, 0L),
        counts.getOrDefault(Verdict.UNANSWERED, 0L),
        duplicates);
  }

  private PatchkitException failed(IOException e) {
    return new PatchkitException("cannot write the pairs to " + file + ": " + e.getMessage(), e);
  }
}
