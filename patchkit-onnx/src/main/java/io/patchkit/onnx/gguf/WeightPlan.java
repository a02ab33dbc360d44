package io.patchkit.onnx.gguf;

import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.ExternalData;
import io.patchkit.onnx.graph.Initializer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * What will lie where in the external data file, and who will write it. Not thread-safe.
 *
 * <p>The order of reservations is the order in the file, so equal models give equal files.
 */
final class WeightPlan {

  /** Regions of a page and more start on a page, so that the runtime can map them. */
  private static final int PAGE = 4096;

  private static final int CACHE_LINE = 64;

  private record Task(long bytes, Payload payload) {}

  private final String file;
  private final List<Task> tasks = new ArrayList<>();
  private long size;

  /**
   * Plans an empty file.
   *
   * @param file its name, as the graph refers to it
   */
  WeightPlan(String file) {
    this.file = file;
  }

  /** Reserves room. */
  Region reserve(long bytes) {
    int alignment = bytes < PAGE ? CACHE_LINE : PAGE;
    long offset = (size + alignment - 1) / alignment * alignment;
    size = offset + bytes;
    return new Region(offset, bytes);
  }

  /** A weight of the graph whose bytes are a region of the file. */
  Initializer initializer(String name, ElementType type, Region region, long... dims) {
    return Initializer.external(
        name, type, dims, new ExternalData(file, region.offset(), region.bytes()));
  }

  /** Plans the writing of {@code bytes} reserved bytes. */
  void add(long bytes, Payload payload) {
    tasks.add(new Task(bytes, payload));
  }

  /** Writes all that is planned. */
  void write(FileChannel out, GgufImport.Progress progress) throws IOException {
    long total = 0;
    for (Task task : tasks) {
      total += task.bytes();
    }
    long done = 0;
    progress.advanced(done, total);
    for (Task task : tasks) {
      task.payload().write(out);
      done += task.bytes();
      progress.advanced(done, total);
    }
    if (out.size() < size) {
      out.write(ByteBuffer.allocate(1), size - 1);
    }
  }
}
