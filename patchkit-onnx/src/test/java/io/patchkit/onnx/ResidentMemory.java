package io.patchkit.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What this process holds in memory outside of the Java heap, with nothing left for the collector.
 * The heap is left out by its addresses: its size says nothing, since a heap that has grown long
 * ago may touch its last pages only now.
 *
 * @param outsideTheHeap bytes; Linux only, elsewhere 0, which holds nothing against anybody
 */
record ResidentMemory(long outsideTheHeap) {

  static ResidentMemory now() throws IOException {
    System.gc();
    Path mappings = Path.of("/proc/self/smaps");
    if (!Files.exists(mappings)) {
      return new ResidentMemory(0);
    }
    Mappings sum = new Mappings(Runtime.getRuntime().maxMemory());
    for (String line : Files.readAllLines(mappings)) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        String[] fields = line.split("\\s+", 6);
        String[] range = fields[0].split("-");
        sum.next(
            Long.parseUnsignedLong(range[0], 16),
            Long.parseUnsignedLong(range[1], 16),
            fields.length < 6 || fields[5].isEmpty());
      } else if (line.startsWith("Rss:")) {
        sum.resident += Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return new ResidentMemory(sum.end());
  }

  /** What is new. */
  long outsideTheHeapSince(ResidentMemory before) {
    return outsideTheHeap - before.outsideTheHeap;
  }

  /** Adds up mappings, but for anonymous ones that follow each other and can hold the heap. */
  private static final class Mappings {

    private final long heap;
    private long outside;
    private long start;
    private long end;

    /** Resident bytes of the mappings from start to end. */
    private long resident;

    Mappings(long heap) {
      this.heap = heap;
    }

    void next(long from, long to, boolean isAnonymous) {
      if (from != end || !isAnonymous) {
        end();
        start = from;
      }
      end = to;
    }

    long end() {
      outside += end - start < heap ? resident : 0;
      resident = 0;
      return outside;
    }
  }
}
