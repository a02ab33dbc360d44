package io.patchkit.format;

import static io.patchkit.format.Crafted.concat;
import static io.patchkit.format.Crafted.entry;
import static io.patchkit.format.Crafted.f32;
import static io.patchkit.format.Crafted.file;
import static io.patchkit.format.Crafted.floats;
import static io.patchkit.format.Crafted.littleEndian;
import static io.patchkit.format.Crafted.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.format.FormatException.Reason;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files that the safetensors library refuses, and files that it accepts and Patchkit must not.
 *
 * <p>Tried by hand on safetensors 0.8.0: it refuses every file of the first list and accepts every
 * file of the second.
 */
class HostileSafetensorsTest {

  private static final SafetensorsLimits LIMITS = SafetensorsLimits.defaults();

  private static final String W = f32("w", "[2]", 0, 8);
  private static final String GOOD = "{" + W + "}";

  static Stream<Arguments> theLibraryRefusesToo() {
    return Stream.of(
        hostile("empty file", new byte[0], Reason.HEADER_LENGTH_MISSING),
        hostile("seven bytes", new byte[7], Reason.HEADER_LENGTH_MISSING),
        hostile("header of 0 bytes", file("", 0), Reason.HEADER_START),
        hostile("header length 2^63 - 1", headerLength(Long.MAX_VALUE), Reason.HEADER_TOO_LARGE),
        hostile("header length 2^64 - 1", headerLength(-1), Reason.HEADER_TOO_LARGE),
        hostile("header length 2^64 - 8", headerLength(-8), Reason.HEADER_TOO_LARGE),
        hostile("header length 100,000,001", headerLength(100_000_001), Reason.HEADER_TOO_LARGE),
        hostile("header longer than the file", headerLength(1000), Reason.HEADER_TRUNCATED),
        hostile(
            "header of bytes that are no UTF-8",
            file(concat(utf8("{\"w"), bytes(0xff), utf8(GOOD.substring(3))), new byte[8]),
            Reason.INVALID_UTF8),
        hostile(
            "header with an overlong encoding",
            file(concat(utf8("{\"w"), bytes(0xc0, 0x80), utf8(GOOD.substring(3))), new byte[8]),
            Reason.INVALID_UTF8),
        hostile("header padded with NUL", file(GOOD + "\0\0", 8), Reason.HEADER_PADDING),
        hostile("header followed by text", file(GOOD + " x", 8), Reason.HEADER_PADDING),
        hostile("header of two objects", file(GOOD + "{}", 8), Reason.TRAILING_CONTENT),
        hostile("header that is an array", file("[]", 0), Reason.HEADER_START),
        hostile("header that is cut", file(GOOD.substring(0, 20), 8), Reason.HEADER_PADDING),
        hostile("header without quotes", file("{w:{}}", 0), Reason.INVALID_JSON),
        hostile("header with a comment", file("{/**/" + W + "}", 8), Reason.INVALID_JSON),
        hostile("header with a trailing comma", file("{" + W + ",}", 8), Reason.INVALID_JSON),
        hostile(
            "header 100,000 levels deep",
            file("{\"w\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}", 0),
            Reason.TOO_DEEP),
        hostile(
            "name of half a surrogate pair",
            file("{" + f32("\\ud800", "[2]", 0, 8) + "}", 8),
            Reason.LONE_SURROGATE),
        hostile("tensor that is a string", file("{\"w\":\"\"}", 0), Reason.WRONG_TYPE),
        hostile("tensor without fields", file("{\"w\":{}}", 0), Reason.MISSING_FIELD),
        hostile(
            "tensor without offsets",
            file("{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8),
            Reason.MISSING_FIELD),
        hostile(
            "duplicate field of a tensor",
            file("{" + W.replace("\"shape\"", "\"shape\":[2],\"shape\"") + "}", 8),
            Reason.DUPLICATE_KEY),
        hostile("unknown dtype", file("{" + entry("w", "F31", "[2]", 0, 8) + "}", 8), DTYPE),
        hostile("lower-case dtype", file("{" + entry("w", "f32", "[2]", 0, 8) + "}", 8), DTYPE),
        hostile("shape of a number", shape("2", 8), Reason.WRONG_TYPE),
        hostile("shape of strings", shape("[\"2\"]", 8), Reason.WRONG_TYPE),
        hostile("shape of decimals", shape("[2.0]", 8), Reason.WRONG_TYPE),
        hostile("shape of exponents", shape("[2e0]", 8), Reason.WRONG_TYPE),
        hostile("shape of minus zero", shape("[-0]", 0), Reason.WRONG_TYPE),
        hostile("negative dimensions", shape("[-1,-2]", 8), Reason.NEGATIVE_DIMENSION),
        hostile("dimension 2^64", shape("[18446744073709551616]", 8), Reason.SHAPE_OVERFLOW),
        hostile("dimension 2^63", shape("[9223372036854775808]", 8), Reason.SHAPE_OVERFLOW),
        hostile(
            "elements overflow 32 bits to the right size",
            shape("[65537,65536]", 4 * 65_536),
            Reason.SHAPE_OVERFLOW),
        hostile("elements overflow", shape("[4294967296,4294967296]", 8), Reason.SHAPE_OVERFLOW),
        hostile(
            "elements overflow to the right size",
            shape("[4611686018427387904,4,2]", 8),
            Reason.SHAPE_OVERFLOW),
        hostile("bytes overflow", shape("[4611686018427387906]", 8), Reason.SHAPE_OVERFLOW),
        hostile("too few bytes for the shape", shape("[3]", 8), Reason.SIZE_MISMATCH),
        hostile("too many bytes for the shape", shape("[1]", 8), Reason.SIZE_MISMATCH),
        hostile("negative offset", offsets("[-8,0]"), Reason.NEGATIVE_OFFSET),
        hostile("decimal offset", offsets("[0.0,8.0]"), Reason.WRONG_TYPE),
        hostile("offset 2^64", offsets("[0,18446744073709551616]"), Reason.OUT_OF_RANGE),
        hostile("reversed offsets", offsets("[8,0]"), Reason.OFFSETS_REVERSED),
        hostile("equal offsets", offsets("[8,8]"), Reason.SIZE_MISMATCH),
        hostile("one offset", offsets("[8]"), Reason.VALUE_NOT_ALLOWED),
        hostile("three offsets", offsets("[0,8,8]"), Reason.VALUE_NOT_ALLOWED),
        hostile("offsets beyond the file", offsets("[8,16]"), Reason.GAP),
        hostile("hole before the first tensor", two(4, 8, 8, 12), Reason.GAP),
        hostile("hole between tensors", two(0, 4, 8, 12), Reason.GAP),
        hostile("tensors that share all bytes", two(0, 4, 0, 4), Reason.OVERLAP),
        hostile(
            "tensors that share some bytes",
            file("{" + f32("a", "[2]", 0, 8) + "," + f32("b", "[2]", 4, 12) + "}", 12),
            Reason.OVERLAP),
        hostile("no data", file(GOOD, 0), Reason.DATA_TRUNCATED),
        hostile("a byte of data missing", file(GOOD, 7), Reason.DATA_TRUNCATED),
        hostile("a byte of data too many", file(GOOD, 9), Reason.TRAILING_BYTES),
        hostile("metadata that is no object", metadata("[]"), Reason.WRONG_TYPE),
        hostile("metadata of numbers", metadata("{\"a\":1}"), Reason.WRONG_TYPE),
        hostile("metadata of objects", metadata("{\"a\":{}}"), Reason.WRONG_TYPE),
        hostile(
            "metadata twice",
            file("{\"__metadata__\":{},\"__metadata__\":{}," + W + "}", 8),
            Reason.DUPLICATE_TENSOR));
  }

  static Stream<Arguments> theLibraryAccepts() {
    return Stream.of(
        hostile("duplicate tensor", file("{" + W + "," + W + "}", 8), Reason.DUPLICATE_TENSOR),
        hostile(
            "duplicate tensor, spelled differently",
            file("{" + W + "," + W.replace("\"w\"", "\"\\u0077\"") + "}", 8),
            Reason.DUPLICATE_TENSOR),
        hostile(
            "duplicate key of the metadata",
            metadata("{\"a\":\"1\",\"a\":\"2\"}"),
            Reason.DUPLICATE_METADATA_KEY),
        hostile(
            "unknown field of a tensor",
            file("{" + W.replace("\"shape\"", "\"strides\":[1],\"shape\"") + "}", 8),
            Reason.UNKNOWN_FIELD),
        hostile("space before the header", file(" " + GOOD, 8), Reason.HEADER_START),
        hostile("line feed after the header", file(GOOD + "\n", 8), Reason.HEADER_PADDING),
        hostile("tab after the header", file(GOOD + " \t ", 8), Reason.HEADER_PADDING),
        hostile("metadata that is null", metadata("null"), Reason.WRONG_TYPE),
        hostile("empty name", name(""), Reason.EMPTY_TENSOR_NAME),
        hostile("name with NUL", name("a\\u0000b"), Reason.ILLEGAL_TENSOR_NAME),
        hostile("name with a line feed", name("a\\nb"), Reason.ILLEGAL_TENSOR_NAME),
        hostile("name that looks like another", name("\u0430"), Reason.ILLEGAL_TENSOR_NAME),
        hostile("name with a space", name("a b"), Reason.ILLEGAL_TENSOR_NAME),
        hostile("name of 257 characters", name("a".repeat(257)), Reason.ILLEGAL_TENSOR_NAME),
        hostile("name of a path upwards", name("../../x"), Reason.PATH_LIKE_TENSOR_NAME),
        hostile("name of an absolute path", name("/etc/passwd"), Reason.PATH_LIKE_TENSOR_NAME),
        hostile("name of a Windows path", name("a\\\\b"), Reason.PATH_LIKE_TENSOR_NAME),
        hostile("name of a drive", name("C:x"), Reason.PATH_LIKE_TENSOR_NAME),
        hostile("name of a hidden file", name(".x"), Reason.PATH_LIKE_TENSOR_NAME),
        hostile("no tensors", file("{}", 0), Reason.NO_TENSORS),
        hostile("nothing but metadata", file("{\"__metadata__\":{}}", 0), Reason.NO_TENSORS),
        hostile("shape of zero", shape("[0]", 0), Reason.ZERO_DIMENSION),
        hostile("shape of zero and 2^63", shape("[0,9223372036854775808]", 0), ZERO),
        hostile(
            "empty tensor at the offset of another",
            file("{" + W + "," + f32("e", "[0]", 0, 0) + "}", 8),
            Reason.ZERO_DIMENSION),
        hostile("nine dimensions", shape("[1,1,1,1,1,1,1,1,2]", 8), Reason.RANK_TOO_LARGE),
        hostile("dtype of integers", file("{" + entry("w", "I64", "[1]", 0, 8) + "}", 8), DTYPE),
        hostile("dtype F64", file("{" + entry("w", "F64", "[1]", 0, 8) + "}", 8), DTYPE),
        hostile("NaN", data("F32", floats(1, Float.NaN)), Reason.NON_FINITE_VALUE),
        hostile(
            "infinity", data("F32", floats(Float.NEGATIVE_INFINITY, 1)), Reason.NON_FINITE_VALUE),
        hostile("NaN as F16", data("F16", bytes(0, 0, 1, 0x7c)), Reason.NON_FINITE_VALUE),
        hostile("infinity as F16", data("F16", bytes(0, 0xfc, 0, 0)), Reason.NON_FINITE_VALUE),
        hostile("NaN as BF16", data("BF16", bytes(0, 0, 0xc0, 0x7f)), Reason.NON_FINITE_VALUE),
        hostile("infinity as BF16", data("BF16", bytes(0x80, 0x7f, 0, 0)), Reason.NON_FINITE_VALUE),
        hostile("header over 1 MiB", file(GOOD + " ".repeat(1 << 20), 8), Reason.HEADER_TOO_LARGE),
        hostile("4,097 tensors", manyTensors(4097), Reason.TOO_MANY_TENSORS));
  }

  private static final Reason DTYPE = Reason.UNSUPPORTED_DTYPE;
  private static final Reason ZERO = Reason.ZERO_DIMENSION;

  @ParameterizedTest(name = "{0}")
  @MethodSource({"theLibraryRefusesToo", "theLibraryAccepts"})
  void isRefusedWithItsOwnReason(String what, byte[] file, Reason reason, @TempDir Path folder)
      throws Exception {
    FormatException inMemory =
        catchThrowableOfType(FormatException.class, () -> Safetensors.parse(file, LIMITS));
    assertThat(inMemory).as(what).isNotNull();
    assertThat(inMemory.reason()).as(inMemory.getMessage()).isEqualTo(reason);
    assertThat(inMemory).hasMessageStartingWith(inMemory.location()).message().hasSizeLessThan(600);

    Path path = Files.write(folder.resolve("crafted.safetensors"), file);
    FormatException onDisk =
        catchThrowableOfType(FormatException.class, () -> Safetensors.load(path, LIMITS));
    assertThat(onDisk.reason()).isEqualTo(reason);
    assertThat(onDisk).hasMessage("crafted.safetensors: " + inMemory.getMessage());
  }

  @Test
  void theFileThatTheHostileOnesDeriveFromIsAccepted() {
    assertThat(Safetensors.parse(file(GOOD, 8), LIMITS).tensors())
        .containsOnlyKeys("w")
        .containsValue(Tensor.of(DType.F32, new float[2], 2));
    assertThat(Safetensors.parse(file(GOOD + "     ", 8), LIMITS).tensors()).hasSize(1);
    assertThat(Safetensors.parse(manyTensors(4096), LIMITS).tensors()).hasSize(4096);
    String longest = GOOD + " ".repeat((1 << 20) - GOOD.length());
    assertThat(Safetensors.parse(file(longest, 8), LIMITS).tensors()).hasSize(1);
    assertThat(Safetensors.parse(shape("[1,1,1,1,1,1,1,2]", 8), LIMITS).tensors()).hasSize(1);
  }

  @Test
  void aHeaderMayListTensorsInAnyOrder() {
    String header = "{" + f32("b", "[1]", 4, 8) + "," + f32("a", "[1]", 0, 4) + "}";
    byte[] swapped = file(utf8(header), floats(1, 2));
    assertThat(Safetensors.parse(swapped, LIMITS).tensors())
        .containsEntry("a", Tensor.of(DType.F32, new float[] {1}, 1))
        .containsEntry("b", Tensor.of(DType.F32, new float[] {2}, 1));
  }

  @Test
  void metadataIsUnicodeText() {
    Map<String, Tensor> tensors = Map.of("w", Tensor.of(DType.F32, new float[1], 1));
    assertThatThrownBy(() -> new Safetensors(tensors, Map.of("\ud800", "a")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Safetensors(tensors, Map.of("a", "\udc00")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void everyTruncationAndEveryExtensionIsRefused() {
    byte[] good = Crafted.resource("mixed.safetensors");
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> Safetensors.parse(cut, LIMITS))
          .as("%d bytes", length)
          .isInstanceOf(FormatException.class);
    }
    assertThatThrownBy(() -> Safetensors.parse(concat(good, new byte[1]), LIMITS))
        .isInstanceOf(FormatException.class);
  }

  /**
   * Whatever a flipped bit makes of a file, it is refused in an orderly way or still well-formed.
   */
  @Test
  void everyFlippedBitIsRefusedOrHarmless() {
    byte[] good = Crafted.resource("mixed.safetensors");
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] flipped = good.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      try {
        Safetensors read = Safetensors.parse(flipped, LIMITS);
        assertThat(Safetensors.parse(read.toBytes(), LIMITS)).as("bit %d", bit).isEqualTo(read);
      } catch (FormatException expected) {
        assertThat(expected.reason()).isNotNull();
      }
    }
  }

  @Test
  void theFileIsBoundedAsAWhole() {
    byte[] good = file(GOOD, 8);
    assertThat(Safetensors.parse(good, LIMITS.withMaxBytes(good.length)).tensors()).hasSize(1);
    assertThatThrownBy(() -> Safetensors.parse(good, LIMITS.withMaxBytes(good.length - 1)))
        .isInstanceOfSatisfying(
            FormatException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TOO_LARGE));
  }

  @Test
  void memoryIsTakenOnlyForDataThatIsThere() {
    int most = Integer.MAX_VALUE - 8;
    byte[] claim = file("{" + f32("w", "[" + most + "]", 0, 4L * most) + "}", 8);
    assertThatThrownBy(() -> Safetensors.parse(claim, LIMITS))
        .isInstanceOf(FormatException.class)
        .hasMessage("data: expected 8589934556 bytes after the header, found 8");
  }

  @Test
  void aFileThatChangesWhileItIsReadIsRefused() {
    byte[] good = file(GOOD, 8);
    assertThatThrownBy(
            () ->
                SafetensorsReader.read(
                    new ByteArrayInputStream(file(GOOD, 7)), good.length, LIMITS))
        .isInstanceOfSatisfying(
            FormatException.class, e -> assertThat(e.reason()).isEqualTo(Reason.DATA_TRUNCATED));
    assertThatThrownBy(
            () ->
                SafetensorsReader.read(
                    new ByteArrayInputStream(file(GOOD, 9)), good.length, LIMITS))
        .isInstanceOfSatisfying(
            FormatException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TRAILING_BYTES));
  }

  @Test
  void limitsAreThemselvesChecked() {
    assertThatThrownBy(() -> LIMITS.withMaxBytes(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxBytes is 0");
    assertThatThrownBy(() -> LIMITS.withMaxHeaderBytes(100_000_001))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> LIMITS.withMaxTensors(-1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(LIMITS.withMaxHeaderBytes(100_000_000).maxHeaderBytes()).isEqualTo(100_000_000);
    byte[] one = file(GOOD, 8);
    SafetensorsLimits tight = LIMITS.withMaxTensors(1).withMaxHeaderBytes(GOOD.length());
    assertThat(Safetensors.parse(one, tight).tensors()).hasSize(1);
    assertThatThrownBy(() -> Safetensors.parse(two(0, 4, 4, 8), LIMITS.withMaxTensors(1)))
        .isInstanceOfSatisfying(
            FormatException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TOO_MANY_TENSORS));
    assertThatThrownBy(() -> LIMITS.withMaxHeaderBytes(1).withMaxHeaderBytes(0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Arguments hostile(String what, byte[] file, Reason reason) {
    return Arguments.of(what, file, reason);
  }

  private static byte[] headerLength(long length) {
    return concat(littleEndian(length), utf8(GOOD), new byte[8]);
  }

  private static byte[] shape(String shape, int dataBytes) {
    return file("{" + f32("w", shape, 0, dataBytes) + "}", dataBytes);
  }

  private static byte[] offsets(String offsets) {
    return file("{" + W.replace("[0,8]", offsets) + "}", 8);
  }

  private static byte[] two(long beginA, long endA, long beginB, long endB) {
    return file(
        "{" + f32("a", "[1]", beginA, endA) + "," + f32("b", "[1]", beginB, endB) + "}", 12);
  }

  private static byte[] metadata(String json) {
    return file("{\"__metadata__\":" + json + "," + W + "}", 8);
  }

  private static byte[] name(String name) {
    return file("{" + f32(name, "[2]", 0, 8) + "}", 8);
  }

  private static byte[] data(String dtype, byte[] data) {
    return file(utf8("{" + entry("w", dtype, "[2]", 0, data.length) + "}"), data);
  }

  private static byte[] manyTensors(int count) {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < count; i++) {
      header.append(i == 0 ? "" : ",").append(f32("t" + i, "[1]", 4L * i, 4L * i + 4));
    }
    return file(header + "}", 4 * count);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
