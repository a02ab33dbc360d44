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

  /** The one is on the heap and counts for nothing, the other is not and counts in full. */
  @Test
  void countsWhatIsOutsideTheHeapAlone() throws IOException {
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/smaps")));
    ResidentMemory before = ResidentMemory.now();
    byte[] inside = new byte[SIZE];
    touch(ByteBuffer.wrap(inside));
    long heap = ResidentMemory.now().outsideTheHeapSince(before);
    ByteBuffer outside = ByteBuffer.allocateDirect(SIZE);
    touch(outside);
    long both = ResidentMemory.now().outsideTheHeapSince(before);
    assertThat(inside[0] + outside.get(0)).isEqualTo(2);
    assertThat(heap).isLessThan(SIZE / 4);
    assertThat(both).isBetween(SIZE - SIZE / 4L, SIZE + SIZE / 4L);
  }

  private static void touch(ByteBuffer memory) {
    for (int at = 0; at < memory.capacity(); at += PAGE) {
      memory.put(at, (byte) 1);
    }
  }
}
