package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads a GGUF header, trusting nothing in it. */
final class GgufParser {

  private static final int MAGIC = 0x46554747; // "GGUF"
  private static final int MOST_ENTRIES = 1 << 16;
  private static final int MOST_TENSORS = 1 << 16;
  private static final int MOST_RANK = 4; // GGML_MAX_DIMS
  private static final int MOST_NAME_BYTES = 63; // GGML_MAX_NAME without its terminator
  private static final int MOST_KEY_BYTES = 65_535;
  private static final int MOST_STRING_BYTES = 1 << 24;
  private static final int MOST_ARRAY_LENGTH = 1 << 22;

  /** All arrays together: a large vocabulary has some two million. */
  private static final int MOST_ELEMENTS = 1 << 23;

  /** Real ones have some ten million. */
  private static final long MOST_METADATA_BYTES = 1 << 28;

  private static final int MOST_ALIGNMENT = 1 << 20;
  private static final long MOST_COLUMNS = 1 << 24;

  private final HeaderReader reader;
  private final long size;
  private int elements;

  /** What a header says: the metadata and the tensors by name, in the file's order. */
  record Header(GgufMetadata metadata, Map<String, GgufTensor> tensors) {}

  private GgufParser(FileChannel channel, long size) {
    this.reader = new HeaderReader(channel, size);
    this.size = size;
  }

  /**
   * Reads the header of a file.
   *
   * @throws CorruptModelException if the header is damaged or describes tensors outside the file
   * @throws UnsupportedModelException if it is intact but of a version or type that cannot be read
   */
  static Header parse(FileChannel channel, long size) throws IOException {
    return new GgufParser(channel, size).header();
  }

  private Header header() throws IOException {
    int magic = reader.readInt("the magic number");
    if (magic != MAGIC) {
      throw new CorruptModelException(
          "not a GGUF file: it starts with %08x, expected \"GGUF\""
              .formatted(Integer.reverseBytes(magic)));
    }
    int version = reader.readInt("the version");
    if (version != 2 && version != 3) {
      if ((version & 0xffff) == 0) {
        throw new UnsupportedModelException(
            "the GGUF file is big-endian; convert it with gguf_convert_endian.py");
      }
      throw new UnsupportedModelException(
          "GGUF version %d; supported: 2 and 3. Convert the model again with a current llama.cpp"
              .formatted(version));
    }
    // The shortest description of a tensor has 25 bytes, the shortest metadata entry 13.
    int tensorCount = reader.readCount("the tensor count", MOST_TENSORS, 25);
    int entryCount = reader.readCount("the metadata count", MOST_ENTRIES, 13);
    Map<String, GgufValue> values = new HashMap<>();
    for (int i = 0; i < entryCount; i++) {
      String key = reader.readString("metadata key " + i, MOST_KEY_BYTES);
      GgufValue value = value(key, reader.readInt("the kind of metadata " + key));
      if (values.put(key, value) != null) {
        throw new CorruptModelException("metadata " + key + " occurs twice");
      }
      requireModestSize();
    }
    GgufMetadata metadata = new GgufMetadata(values);
    return new Header(metadata, tensors(tensorCount, alignment(metadata)));
  }

  /** What is read is kept, in several times the memory. */
  private void requireModestSize() throws IOException {
    if (elements > MOST_ELEMENTS || reader.position() > MOST_METADATA_BYTES) {
      throw new CorruptModelException(
          "the metadata has %d elements of arrays up to byte %d; allowed: at most %d in %d bytes"
              .formatted(elements, reader.position(), MOST_ELEMENTS, MOST_METADATA_BYTES));
    }
  }

  private GgufValue value(String key, int kind) throws IOException {
    String what = "metadata " + key;
    return switch (kind) {
      case 0, 1, 2, 3, 4, 5, 10, 11 -> new GgufValue.Whole(whole(kind, what));
      case 6, 12 -> new GgufValue.Real(real(kind, what));
      case 7 -> new GgufValue.Flag(flag(what));
      case 8 -> new GgufValue.Text(reader.readString(what, MOST_STRING_BYTES));
      case 9 -> array(what);
      default -> throw unknownKind(what, kind);
    };
  }

  private GgufValue array(String what) throws IOException {
    int kind = reader.readInt("the element kind of " + what);
    int length =
        reader.readCount("the length of " + what, MOST_ARRAY_LENGTH, elementBytes(what, kind));
    elements += length;
    requireModestSize();
    switch (kind) {
      case 6, 12 -> {
        List<Double> reals = new ArrayList<>();
        for (int i = 0; i < length; i++) {
          reals.add(real(kind, what));
        }
        return new GgufValue.Reals(reals);
      }
      case 7 -> {
        List<Boolean> flags = new ArrayList<>();
        for (int i = 0; i < length; i++) {
          flags.add(flag(what));
        }
        return new GgufValue.Flags(flags);
      }
      case 8 -> {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < length; i++) {
          texts.add(reader.readString(what, MOST_STRING_BYTES));
          requireModestSize();
        }
        return new GgufValue.Texts(texts);
      }
      default -> {
        List<Long> wholes = new ArrayList<>();
        for (int i = 0; i < length; i++) {
          wholes.add(whole(kind, what));
        }
        return new GgufValue.Wholes(wholes);
      }
    }
  }

  /** The fewest bytes an array's element takes. */
  private static int elementBytes(String what, int kind) {
    return switch (kind) {
      case 0, 1, 7 -> 1;
      case 2, 3 -> 2;
      case 4, 5, 6 -> 4;
      case 8, 10, 11, 12 -> 8;
      case 9 -> throw new CorruptModelException(what + " is an array of arrays");
      default -> throw unknownKind(what, kind);
    };
  }

  private long whole(int kind, String what) throws IOException {
    return switch (kind) {
      case 0 -> reader.readByte(what) & 0xffL;
      case 1 -> reader.readByte(what);
      case 2 -> reader.readShort(what) & 0xffffL;
      case 3 -> reader.readShort(what);
      case 4 -> reader.readInt(what) & 0xffff_ffffL;
      case 5 -> reader.readInt(what);
      case 10 -> unsigned(reader.readLong(what), what);
      case 11 -> reader.readLong(what);
      default -> throw unknownKind(what, kind);
    };
  }

  private double real(int kind, String what) throws IOException {
    return kind == 6
        ? Float.intBitsToFloat(reader.readInt(what))
        : Double.longBitsToDouble(reader.readLong(what));
  }

  private boolean flag(String what) throws IOException {
    byte value = reader.readByte(what);
    if (value != 0 && value != 1) {
      throw new CorruptModelException(what + " is " + value + "; a bool is 0 or 1");
    }
    return value == 1;
  }

  private static long unsigned(long value, String what) {
    if (value < 0) {
      throw new CorruptModelException(
          what + " is " + Long.toUnsignedString(value) + "; allowed: below 2^63");
    }
    return value;
  }

  private static CorruptModelException unknownKind(String what, int kind) {
    return new CorruptModelException(what + " is of the unknown kind " + kind);
  }

  private static int alignment(GgufMetadata metadata) {
    int alignment = metadata.intOr("general.alignment", 32, 1, MOST_ALIGNMENT);
    if (Integer.bitCount(alignment) != 1) {
      throw new CorruptModelException(
          "metadata general.alignment is " + alignment + "; allowed: a power of two");
    }
    return alignment;
  }

  private Map<String, GgufTensor> tensors(int count, int alignment) throws IOException {
    List<GgufTensor> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      found.add(tensor("tensor " + i, alignment));
    }
    long start = (reader.position() + alignment - 1) / alignment * alignment;
    Map<String, GgufTensor> byName = new LinkedHashMap<>();
    for (GgufTensor relative : found) {
      if (relative.offset() > size - start || relative.bytes() > size - start - relative.offset()) {
        throw new CorruptModelException(
            "tensor %s reaches to byte %s of the data, which has %d; the file is truncated, download it again"
                .formatted(
                    relative.name(),
                    Long.toUnsignedString(relative.offset() + relative.bytes()),
                    Math.max(0, size - start)));
      }
      GgufTensor tensor =
          new GgufTensor(
              relative.name(),
              relative.type(),
              relative.dims(),
              start + relative.offset(),
              relative.bytes());
      if (byName.put(tensor.name(), tensor) != null) {
        throw new CorruptModelException("tensor " + tensor.name() + " occurs twice");
      }
    }
    refuseOverlap(new ArrayList<>(byName.values()));
    return byName;
  }

  /** A tensor whose offset still counts from the start of the data. */
  private GgufTensor tensor(String what, int alignment) throws IOException {
    String name = reader.readString("the name of " + what, MOST_NAME_BYTES);
    int rank = reader.readInt("the rank of " + name);
    if (rank < 1 || rank > MOST_RANK) {
      throw new CorruptModelException(
          "tensor %s has rank %s; allowed: 1 to %d"
              .formatted(name, Integer.toUnsignedString(rank), MOST_RANK));
    }
    List<Long> dims = new ArrayList<>();
    long elements = 1;
    for (int d = 0; d < rank; d++) {
      long dim = reader.readLong("the sizes of " + name);
      long most = d == 0 ? MOST_COLUMNS : Integer.MAX_VALUE / (elements / dims.get(0));
      if (dim < 1 || dim > most) {
        throw new CorruptModelException(
            "tensor %s has size %s in dimension %d; allowed: 1 to %d"
                .formatted(name, Long.toUnsignedString(dim), d, most));
      }
      dims.add(dim);
      elements *= dim;
    }
    GgmlType type = GgmlType.of(reader.readInt("the type of " + name) & 0xffff_ffffL, name);
    if (dims.get(0) % type.blockElements() != 0) {
      throw new CorruptModelException(
          "tensor %s has rows of %d, not whole blocks of %d as %s needs"
              .formatted(name, dims.get(0), type.blockElements(), type));
    }
    long offset = reader.readLong("the offset of " + name);
    if (offset < 0 || offset % alignment != 0) {
      throw new CorruptModelException(
          "tensor %s lies at %s; allowed: multiples of the alignment %d"
              .formatted(name, Long.toUnsignedString(offset), alignment));
    }
    long bytes = elements / type.blockElements() * type.blockBytes();
    return new GgufTensor(name, type, dims, offset, bytes);
  }

  private static void refuseOverlap(List<GgufTensor> tensors) {
    tensors.sort(Comparator.comparingLong(GgufTensor::offset));
    for (int i = 1; i < tensors.size(); i++) {
      GgufTensor before = tensors.get(i - 1);
      if (before.offset() + before.bytes() > tensors.get(i).offset()) {
        throw new CorruptModelException(
            "tensors %s and %s overlap".formatted(before.name(), tensors.get(i).name()));
      }
    }
  }
}
