package io.patchkit.onnx.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** What {@code make.py} of the test resources has made, without any code of this project. */
final class OracleFiles {

  private OracleFiles() {}

  static JsonNode json(String name) throws IOException {
    try (InputStream in = open(name)) {
      return new ObjectMapper().readTree(in);
    }
  }

  /** A tiny Llama 3 with rope factors, each weight in another format. */
  static Path llama3(Path folder) throws IOException {
    Path file = folder.resolve("llama3.gguf");
    try (InputStream in = open("llama3.gguf")) {
      Files.copy(in, file);
    }
    return file;
  }

  private static InputStream open(String name) {
    return Objects.requireNonNull(OracleFiles.class.getResourceAsStream("/gguf/" + name), name);
  }
}
