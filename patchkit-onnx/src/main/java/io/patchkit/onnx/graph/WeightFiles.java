package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl;
import io.patchkit.CorruptModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The files beside a model that hold its weights. References out of the model's folder are refused:
 * a model from elsewhere must not be able to read the machine's other files.
 */
final class WeightFiles {

  private final Path named;
  private final Path folder;
  private final Map<String, Path> resolved = new HashMap<>();
  private final SortedMap<String, Path> byName = new TreeMap<>();
  private final Map<Path, Long> sizes = new HashMap<>();

  /**
   * @param named the model file as it is named
   * @param model the real model file, links resolved; a download cache may hold the model and its
   *     weights in that file's folder, under other names
   */
  WeightFiles(Path named, Path model) throws IOException {
    this.named = named.toAbsolutePath().resolveSibling("").normalize();
    this.folder = model.resolveSibling("");
    add(model.getFileName().toString(), model);
    byName.put(named.getFileName().toString(), model);
  }

  /** The real files, by their names beside the model, the model's own among them. */
  SortedMap<String, Path> byName() {
    return Collections.unmodifiableSortedMap(byName);
  }

  /** The folder that every checked reference is relative to. */
  Path folder() {
    return folder;
  }

  /**
   * Checks that the bytes of a tensor are there and as many as its dimensions imply, and makes a
   * reference to a file relative to {@link #folder()}.
   *
   * @throws CorruptModelException if the reference leaves the folder, or if bytes are missing
   */
  void require(OnnxMl.TensorProto.Builder tensor) {
    if (tensor.getDataType() == ElementType.STRING.number()) {
      return;
    }
    long expected =
        ElementType.of(tensor.getDataType()).byteSize(Initializer.dims(tensor.buildPartial()));
    boolean isExternal = tensor.getDataLocation() == OnnxMl.TensorProto.DataLocation.EXTERNAL;
    if (isExternal) {
      ExternalData reference = reference(tensor, expected);
      Path file = file(tensor.getName(), reference);
      String location = folder.relativize(file).toString().replace('\\', '/');
      new ExternalData(location, reference.offset(), reference.length()).writeTo(tensor);
      requireLength(tensor.getName(), expected, reference.length());
    } else if (tensor.hasRawData()) {
      requireLength(tensor.getName(), expected, tensor.getRawData().size());
    }
  }

  private static ExternalData reference(OnnxMl.TensorProto.Builder tensor, long expected) {
    String location = "";
    long offset = 0;
    long length = expected;
    try {
      for (OnnxMl.StringStringEntryProto entry : tensor.getExternalDataList()) {
        switch (entry.getKey()) {
          case "location" -> location = entry.getValue();
          case "offset" -> offset = Long.parseLong(entry.getValue());
          case "length" -> length = Long.parseLong(entry.getValue());
          default -> {}
        }
      }
      return new ExternalData(location, offset, length);
    } catch (IllegalArgumentException e) {
      throw new CorruptModelException(
          "Expected a valid offset and length for the weight \""
              + tensor.getName()
              + "\", found "
              + tensor.getExternalDataList(),
          e);
    }
  }

  private static void requireLength(String tensor, long expected, long found) {
    if (expected != found) {
      throw new CorruptModelException(
          "Expected "
              + expected
              + " bytes for \""
              + tensor
              + "\" by its dimensions, found "
              + found
              + "; fetch the model again");
    }
  }

  private Path file(String tensor, ExternalData reference) {
    Path file = resolved.get(reference.location());
    if (file == null) {
      file = resolve(tensor, reference.location());
    }
    long size = sizes.getOrDefault(file, 0L);
    if (reference.offset() > size || reference.length() > size - reference.offset()) {
      throw new CorruptModelException(
          "Expected the weight \""
              + tensor
              + "\" in the "
              + reference.length()
              + " bytes from "
              + reference.offset()
              + " of "
              + file
              + ", found a file of "
              + size
              + " bytes; fetch the model again");
    }
    return file;
  }

  private void add(String location, Path file) throws IOException {
    sizes.put(file, Files.size(file));
    resolved.put(location, file);
  }

  private Path resolve(String tensor, String location) {
    Path relative;
    try {
      relative = Path.of(location);
    } catch (InvalidPathException e) {
      throw new CorruptModelException(outside(tensor, location), e);
    }
    if (location.isEmpty()
        || relative.isAbsolute()
        || location.startsWith("/")
        || !named.resolve(relative).normalize().startsWith(named)) {
      throw new CorruptModelException(outside(tensor, location));
    }
    Path file;
    try {
      file = named.resolve(relative).toRealPath();
      if (!file.startsWith(folder)) {
        throw new CorruptModelException(outside(tensor, location));
      }
      if (!Files.isRegularFile(file)) {
        throw new CorruptModelException(
            "Expected a file of weights at " + file + ", found something else");
      }
      add(location, file);
      Path inFolder = named.relativize(named.resolve(relative).normalize());
      byName.put(inFolder.toString().replace('\\', '/'), file);
    } catch (IOException e) {
      throw new CorruptModelException(
          "Expected the weights of \""
              + tensor
              + "\" in "
              + named.resolve(relative)
              + ", found no readable file; put it beside the model",
          e);
    }
    return file;
  }

  private String outside(String tensor, String location) {
    return "Expected the weights of \""
        + tensor
        + "\" in a file inside "
        + named
        + ", found \""
        + location
        + "\"; copy the file into the folder if you trust it";
  }

  /** Reads the bytes of a checked reference. */
  byte[] read(ExternalData reference) {
    ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(reference.length()));
    Path file = folder.resolve(reference.location());
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long position = reference.offset();
      while (buffer.hasRemaining()) {
        int count = channel.read(buffer, position);
        if (count < 0) {
          throw new CorruptModelException(
              "Expected " + reference.length() + " bytes in " + file + ", found its end");
        }
        position += count;
      }
    } catch (IOException e) {
      throw new CorruptModelException("Expected to read weights from " + file, e);
    }
    return buffer.array();
  }
}
