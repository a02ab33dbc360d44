package io.patchkit.onnx;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What this process holds in memory outside of the Java heap, with nothing left for the collector.
 * The heap is left out by its addresses: its size says nothing, since a heap that has grown long
 * ago may touch its last pages only now.
 *
 * @param outsideTheHeap bytes; Linux only, elsewhere 0, which holds nothing against anybody
 */
record ResidentMemory(long outsideTheHeap) {

  private static final Pattern ADDRESS = Pattern.compile("0x([0-9a-f]{8,16})");
  private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-[0-9a-f]+ .*");

  static ResidentMemory now() throws IOException {
    System.gc();
    Path mappings = Path.of("/proc/self/smaps");
    if (!Files.exists(mappings)) {
      return new ResidentMemory(0);
    }
    Heap heap = Heap.find();
    long outside = 0;
    boolean isOutside = true;
    for (String line : Files.readAllLines(mappings)) {
      Matcher mapping = MAPPING.matcher(line);
      if (mapping.matches()) {
        isOutside = !heap.holds(Long.parseUnsignedLong(mapping.group(1), 16));
      } else if (isOutside && line.startsWith("Rss:")) {
        outside += Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return new ResidentMemory(outside);
  }

  /** What is new. */
  long outsideTheHeapSince(ResidentMemory before) {
    return outsideTheHeap - before.outsideTheHeap;
  }

  /**
   * The addresses that are reserved for the heap. The virtual machine is asked: its mappings change
   * while they are read, since a collector gives memory back beside the program.
   */
  private record Heap(long from, long to) {

    static Heap find() {
      String said;
      try {
        said =
            (String)
                ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcHeapInfo",
                        new Object[0],
                        new String[0]);
      } catch (JMException e) {
        throw new AssertionError("this virtual machine does not tell where its heap is", e);
      }
      long from = Long.MAX_VALUE;
      long to = 0;
      Matcher address = ADDRESS.matcher(said);
      while (address.find()) {
        long at = Long.parseLong(address.group(1), 16);
        from = Math.min(from, at);
        to = Math.max(to, at);
      }
      if (to == 0) {
        throw new AssertionError("no addresses of a heap in: " + said);
      }
      return new Heap(from, to);
    }

    boolean holds(long address) {
      return from <= address && address < to;
    }
  }
}
