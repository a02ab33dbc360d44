package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class ResidentMemoryTest {

  private static final int SIZE = 128 << 20;
  private static final int PAGE = 4096;

  /** Other tests' native memory may go meanwhile, so there is no bound from below. */
  @Test
  void leavesOutTheHeap() throws IOException {
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/smaps")));
    ResidentMemory before = ResidentMemory.now();
    byte[] inside = new byte[SIZE];
    touch(ByteBuffer.wrap(inside));
    assertThat(ResidentMemory.now().outsideTheHeapSince(before)).isLessThan(SIZE / 4);
    assertThat(inside[0]).isEqualTo((byte) 1);
  }

  private static void touch(ByteBuffer memory) {
    for (int at = 0; at < memory.capacity(); at += PAGE) {
      memory.put(at, (byte) 1);
    }
  }
}
