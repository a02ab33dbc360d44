package io.patchkit.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process holds in memory. */
final class ResidentMemory {

  private ResidentMemory() {}

  /** Bytes outside the heap; Linux only, elsewhere 0, which holds nothing against anybody. */
  static long outsideTheHeap() throws IOException {
    System.gc();
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmRSS:")) {
        return (Long.parseLong(line.replaceAll("\\D", "")) << 10)
            - Runtime.getRuntime().totalMemory();
      }
    }
    throw new IllegalStateException("no VmRSS in " + status);
  }
}
