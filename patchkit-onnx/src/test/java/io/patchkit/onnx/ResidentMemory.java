package io.patchkit.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What this process holds in memory, with nothing left for the collector.
 *
 * @param resident bytes; Linux only, elsewhere 0, which holds nothing against anybody
 * @param heap bytes that the heap may use, of which not all need be resident
 */
record ResidentMemory(long resident, long heap) {

  static ResidentMemory now() throws IOException {
    System.gc();
    long heap = Runtime.getRuntime().totalMemory();
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return new ResidentMemory(0, heap);
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmRSS:")) {
        return new ResidentMemory(Long.parseLong(line.replaceAll("\\D", "")) << 10, heap);
      }
    }
    throw new IllegalStateException("no VmRSS in " + status);
  }

  /** Bytes that are not the heap's, if all of the heap is resident. */
  long outsideTheHeap() {
    return resident - heap;
  }

  /** What is new and not the heap's. A heap that shrinks may have held pages that it never used. */
  long outsideTheHeapSince(ResidentMemory before) {
    return resident - before.resident - Math.max(0, heap - before.heap);
  }
}
