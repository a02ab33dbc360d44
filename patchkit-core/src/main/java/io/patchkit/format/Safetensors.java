package io.patchkit.format;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a safetensors file holds: named tensors, and metadata of strings. The format, and what is
 * refused of it, is in the {@linkplain io.patchkit.format package description}.
 *
 * <p>Immutable and thread-safe. The order of tensors and metadata is kept, and is no part of
 * equality.
 *
 * @param tensors at least one, by name; read from a file, in the order of their bytes
 * @param metadata free text by key; {@code format} is {@code pt} in files that PEFT writes
 */
public record Safetensors(Map<String, Tensor> tensors, Map<String, String> metadata) {

  /**
   * @throws IllegalArgumentException if there is no tensor, a name is not allowed, or metadata
   *     holds half of a surrogate pair
   */
  public Safetensors {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    if (tensors.isEmpty()) {
      throw new IllegalArgumentException("tensors is empty; at least one is needed");
    }
    for (String name : tensors.keySet()) {
      FormatException refusal = TensorName.refusal(name);
      if (refusal != null) {
        throw new IllegalArgumentException(refusal.getMessage(), refusal);
      }
    }
    metadata.forEach(
        (key, value) -> {
          JsonText.requireWellFormed(key);
          JsonText.requireWellFormed(value);
        });
  }

  /** These tensors without metadata. */
  public Safetensors(Map<String, Tensor> tensors) {
    this(tensors, Map.of());
  }

  /**
   * Reads the bytes of a whole file.
   *
   * @throws FormatException if they are not a safetensors file that Patchkit accepts
   */
  public static Safetensors parse(byte[] file, SafetensorsLimits limits) {
    try {
      return SafetensorsReader.read(new ByteArrayInputStream(file), file.length, limits);
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory failed", e);
    }
  }

  /**
   * Reads a file fully; nothing of it stays open. The header is checked, and held against the size
   * of the file, before memory for a tensor is taken.
   *
   * @throws FormatException if it is not a safetensors file that Patchkit accepts; the message
   *     names the file
   * @throws IOException if it cannot be read
   */
  public static Safetensors load(Path file, SafetensorsLimits limits) throws IOException {
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      InputStream in = Channels.newInputStream(channel);
      return SafetensorsReader.read(in, channel.size(), limits);
    } catch (FormatException e) {
      throw e.in(String.valueOf(file.getFileName()));
    }
  }

  /**
   * The bytes of a file, as the safetensors library writes them: tensors ordered by dtype (F32,
   * BF16, F16), then by name; the header padded with spaces to a multiple of eight bytes. Metadata
   * keeps its order, which the library leaves to chance.
   *
   * @throws IllegalStateException if the file would not fit an array of bytes
   */
  public byte[] toBytes() {
    return SafetensorsWriter.write(this);
  }
}
