package io.patchkit.onnx.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.patchkit.CorruptModelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Reads the small files of a model folder within limits. */
final class ModelFiles {

  /** Gemma 3 has 33 MB; the limit is far above any tokenizer and far below the heap. */
  private static final int MAX_BYTES = 256 << 20;

  private static final ObjectReader JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(JsonNode.class);

  private ModelFiles() {}

  /** The JSON object in this file, or empty if there is no such file. */
  static Optional<JsonNode> json(Path folder, String name) {
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonNode node;
    try {
      node = JSON.readValue(bytes(file));
    } catch (JsonProcessingException e) {
      throw new CorruptModelException(
          file + " is not valid JSON: " + e.getOriginalMessage() + "; fetch the model again", e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    if (!node.isObject()) {
      throw new CorruptModelException(
          file + " holds a JSON " + node.getNodeType() + "; expected an object");
    }
    return Optional.of(node);
  }

  /** The UTF-8 text in this file, or empty if there is no such file. */
  static Optional<String> text(Path folder, String name) {
    Path file = folder.resolve(name);
    return Files.exists(file) ? Optional.of(utf8(bytes(file), file)) : Optional.empty();
  }

  static byte[] bytes(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new CorruptModelException(
            file + " is larger than " + MAX_BYTES + " bytes; expected a file of some megabytes");
      }
      return bytes;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  static String utf8(byte[] bytes, Path file) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new CorruptModelException(file + " is not valid UTF-8; fetch the model again", e);
    }
  }

  private static CorruptModelException unreadable(Path file, IOException e) {
    return new CorruptModelException(file + " cannot be read: " + e, e);
  }
}
