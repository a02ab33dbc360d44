package io.patchkit.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Safetensors files as the library writes them, byte for byte. */
final class SafetensorsWriter {

  /** Header lengths are multiples of this, so that the data that follows is aligned. */
  private static final int ALIGNMENT = 8;

  /** The library's order. Names are ASCII, so that comparing chars is comparing bytes. */
  private static final Comparator<Map.Entry<String, Tensor>> ORDER =
      Comparator.comparing((Map.Entry<String, Tensor> entry) -> entry.getValue().dtype())
          .thenComparing(Map.Entry::getKey);

  private SafetensorsWriter() {}

  static byte[] write(Safetensors contents) {
    List<Map.Entry<String, Tensor>> tensors = new ArrayList<>(contents.tensors().entrySet());
    tensors.sort(ORDER);
    JsonObject.Builder header = JsonObject.builder();
    if (!contents.metadata().isEmpty()) {
      JsonObject.Builder metadata = JsonObject.builder();
      contents.metadata().forEach(metadata::put);
      header.put(SafetensorsHeader.METADATA, metadata.build());
    }
    long end = 0;
    for (Map.Entry<String, Tensor> entry : tensors) {
      Tensor tensor = entry.getValue();
      long begin = end;
      end += (long) tensor.size() * tensor.dtype().bytes();
      header.put(entry.getKey(), entry(tensor, begin, end));
    }
    byte[] json = JsonWriter.compact(header.build()).getBytes(StandardCharsets.UTF_8);
    int headerBytes = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    long fileBytes = Long.BYTES + headerBytes + end;
    if (fileBytes > Tensor.MAX_SIZE) {
      throw new IllegalStateException(
          "the file would have " + fileBytes + " bytes; allowed are " + Tensor.MAX_SIZE);
    }
    ByteBuffer file = ByteBuffer.allocate((int) fileBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(headerBytes).put(json);
    while (file.position() < Long.BYTES + headerBytes) {
      file.put((byte) ' ');
    }
    for (Map.Entry<String, Tensor> entry : tensors) {
      entry.getValue().dtype().put(file, entry.getValue().shared());
    }
    return file.array();
  }

  private static JsonObject entry(Tensor tensor, long begin, long end) {
    List<JsonInteger> shape = new ArrayList<>();
    for (long dimension : tensor.shape()) {
      shape.add(JsonInteger.of(dimension));
    }
    return JsonObject.builder()
        .put("dtype", tensor.dtype().name())
        .put("shape", JsonArray.of(shape))
        .put("data_offsets", JsonArray.ofIntegers(begin, end))
        .build();
  }
}
