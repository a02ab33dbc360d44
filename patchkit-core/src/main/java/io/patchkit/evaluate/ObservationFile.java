package io.patchkit.evaluate;

import io.patchkit.PatchkitException;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What was observed of one variant by one suite: a line of JSON for each item, appended as it is
 * found. A last line that a crash left unfinished is cut off, and its item measured again.
 */
final class ObservationFile {

  private final Path file;

  ObservationFile(Path file) {
    this.file = file;
  }

  /** Adds what the file holds, by item id. */
  void readInto(Map<String, Observation> observations) {
    if (!Files.exists(file)) {
      return;
    }
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new PatchkitException("cannot read " + file + ": " + e.getMessage(), e);
    }
    int start = 0;
    int number = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        number++;
        read(Arrays.copyOfRange(bytes, start, i), number, observations);
        start = i + 1;
      }
    }
    if (start < bytes.length) {
      cut(start);
    }
  }

  private void cut(long length) {
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      access.setLength(length);
    } catch (IOException e) {
      throw new PatchkitException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private void read(byte[] line, int number, Map<String, Observation> observations) {
    if (line.length == 0) {
      return;
    }
    try {
      JsonObject json = StrictJson.parseObject(line, JsonLimits.large());
      observations.put(ObservationJson.item(json), ObservationJson.read(json));
    } catch (FormatException | IllegalArgumentException e) {
      throw new PatchkitException(
          file
              + ", line "
              + number
              + ": expected the observation of an item, found "
              + e.getMessage()
              + "; delete the line to measure the item again",
          e);
    }
  }

  /** Appends the observations of some items. */
  void append(List<Item> items, List<Observation> observations) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      lines.append(ObservationJson.write(items.get(i).id(), observations.get(i))).append('\n');
    }
    try (OutputStream out = new FileOutputStream(file.toFile(), true)) {
      out.write(lines.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new PatchkitException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
