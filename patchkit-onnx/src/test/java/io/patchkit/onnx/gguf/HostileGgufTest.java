package io.patchkit.onnx.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.CorruptModelException;
import io.patchkit.PatchkitException;
import io.patchkit.UnsupportedModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Damaged and foreign files: each refused by name, and nothing of a folder is left. */
class HostileGgufTest {

  @TempDir Path folder;

  private static GgufBytes sound() {
    return TinyLlama.tied(GgmlType.Q8_0, 1);
  }

  @TestFactory
  Stream<DynamicTest> damagedMetadata() {
    return Stream.of(
        corrupt("general.architecture is missing", g -> g.remove("general.architecture")),
        corrupt("llama.block_count is missing", g -> g.remove("llama.block_count")),
        corrupt("llama.block_count is 0", g -> g.put("llama.block_count", 0)),
        corrupt("llama.block_count is a string", g -> g.put("llama.block_count", "2")),
        corrupt("llama.context_length is -1", g -> g.raw("llama.context_length", 5, ints(-1))),
        corrupt(
            "rotary cache of 1207959552 numbers",
            g ->
                g.put("llama.context_length", 1 << 22)
                    .put("llama.attention.key_length", 288)
                    .put("llama.attention.value_length", 288)
                    .put("llama.rope.dimension_count", 288)),
        corrupt(
            "elements of arrays",
            g -> g.raw("x", 9, flags(1 << 22)).raw("y", 9, flags(1 << 22)).raw("z", 9, flags(1))),
        corrupt("llama.context_length is 4194305", g -> g.put("llama.context_length", 4194305)),
        corrupt("layer_norm_rms_epsilon is NaN", g -> g.put(EPSILON, Float.NaN)),
        corrupt("layer_norm_rms_epsilon is 0", g -> g.put(EPSILON, 0f)),
        corrupt("cannot share 3", g -> g.put("llama.attention.head_count_kv", 3)),
        corrupt("general.alignment is 48", g -> g.put("general.alignment", 48)),
        corrupt("below 2^63", g -> g.put("x", -1L)),
        corrupt("a bool is 0 or 1", g -> g.raw("x", 7, new byte[] {2})),
        corrupt("unknown kind 13", g -> g.raw("x", 13, new byte[8])),
        corrupt("array of arrays", g -> g.raw("x", 9, ints(9, 1, 0, 4, 0, 0))),
        corrupt("unknown kind 99", g -> g.raw("x", 9, ints(99, 1, 0, 0))),
        corrupt("the length of metadata x is 4194305", g -> g.raw("x", 9, ints(0, 4194305, 0))),
        corrupt(
            "length is 18446744073709551615",
            g -> g.raw("x", 8, GgufBytes.le(8).putLong(-1).array())),
        corrupt("is not UTF-8", g -> g.raw("x", 8, new byte[] {1, 0, 0, 0, 0, 0, 0, 0, -1})));
  }

  @TestFactory
  Stream<DynamicTest> damagedTensors() {
    byte[] block = new byte[34];
    String q = "blk.0.attn_q.weight";
    return Stream.of(
        corrupt("output_norm.weight is missing", g -> g.remove("output_norm.weight")),
        corrupt("token_embd.weight is missing", g -> g.remove("token_embd.weight")),
        corrupt("expected [256, 64]", g -> g.tensor(q, GgmlType.Q8_0, block, 32, 1)),
        corrupt("not whole blocks of 32", g -> g.tensor(q, GgmlType.Q8_0, block, 33, 1)),
        corrupt("unknown type 77", g -> g.tensor(q, 77, block, 32)),
        corrupt("unknown type 4", g -> g.tensor(q, 4, block, 32)),
        corrupt("has rank 0", g -> g.tensor(q, GgmlType.Q8_0, block)),
        corrupt("has rank 5", g -> g.tensor(q, GgmlType.Q8_0, block, 32, 1, 1, 1, 1)),
        corrupt("has size 0 in dimension 1", g -> g.tensor(q, GgmlType.Q8_0, block, 32, 0)),
        corrupt("in dimension 2", g -> g.tensor(q, GgmlType.Q8_0, block, 32, 1 << 20, 1 << 20)),
        corrupt(
            "has size 9223372036854775808",
            g -> g.tensor(q, GgmlType.Q8_0, block, Long.MIN_VALUE, 1)),
        corrupt("overlap", g -> g.tensor(q, GgmlType.Q8_0, new byte[34], 256, 64)),
        corrupt("reaches to byte", g -> g.tensor("zzz", GgmlType.Q8_0, new byte[34], 256, 64)),
        corrupt("the name of tensor", g -> g.tensor("n".repeat(64), GgmlType.Q8_0, block, 32)),
        corrupt("holds NaN", g -> g.tensor(q, GgmlType.Q8_0, infinite(), 256, 64)),
        corrupt("holds Infinity", g -> g.floats("output_norm.weight", infinities(), 256)));
  }

  @TestFactory
  Stream<DynamicTest> damagedTokenizers() {
    return Stream.of(
        corrupt("tokenizer.ggml.model is missing", g -> g.remove("tokenizer.ggml.model")),
        corrupt("1 tokens but embeddings for 264", g -> g.putTexts(TOKENS, List.of("a"))),
        corrupt("same text", g -> g.putTexts(TOKENS, Collections.nCopies(264, "a"))),
        corrupt("token types for 1", g -> g.putInts(TYPES, List.of(1))),
        corrupt("unknown type 9", g -> g.putInts(TYPES, Collections.nCopies(264, 9))),
        corrupt("merge 0 is 'hell'", g -> g.putTexts(MERGES, List.of("hell"))),
        corrupt("'ow' is no token", g -> g.putTexts(MERGES, List.of("h e", "o w"))),
        corrupt("bos_token_id is 264", g -> g.put("tokenizer.ggml.bos_token_id", 264)));
  }

  @TestFactory
  Stream<DynamicTest> foreignModels() {
    return Stream.of(
        unsupported("architecture is gemma", g -> g.put("general.architecture", "gemma")),
        unsupported("version 1", g -> g.version(1)),
        unsupported("version 4", g -> g.version(4)),
        unsupported("big-endian", g -> g.version(3 << 24)),
        unsupported("of type IQ4_NL", g -> g.tensor("x", 20, new byte[18], 32)),
        unsupported("of type MXFP4", g -> g.tensor("x", 39, new byte[17], 32)),
        unsupported("one of several parts", g -> g.put("split.count", 2)),
        unsupported("mixture of experts", g -> g.put("llama.expert_count", 8)),
        unsupported("an encoder", g -> g.put("llama.attention.causal", false)),
        unsupported("sliding_window", g -> g.put("llama.attention.sliding_window", 32)),
        unsupported("partial rotary", g -> g.put("llama.rope.dimension_count", 8)),
        unsupported("value widths", g -> g.put("llama.attention.value_length", 8)),
        unsupported("scaling.type is yarn", g -> g.put("llama.rope.scaling.type", "yarn")),
        unsupported("attn_factor", g -> g.put("llama.rope.scaling.attn_factor", 2f)),
        unsupported("the first is blk.0.extra", g -> g.floats("blk.0.extra", new float[1], 1)),
        unsupported("tokenizer.ggml.model is bert", g -> g.put("tokenizer.ggml.model", "bert")),
        unsupported("tokenizer.ggml.pre is nosuch", g -> g.put("tokenizer.ggml.pre", "nosuch")),
        unsupported("add_eos_token", g -> g.put("tokenizer.ggml.add_eos_token", true)));
  }

  @Test
  void duplicateNames() throws IOException {
    byte[] twice = sound().put("dup.key1", 1).put("dup.key2", 2).build();
    replace(twice, "dup.key2", "dup.key1");
    refuse(twice, CorruptModelException.class, "metadata dup.key1 occurs twice");
    byte[] tensors = sound().build();
    replace(tensors, "blk.0.ffn_gate.weight", "blk.1.ffn_gate.weight");
    refuse(tensors, CorruptModelException.class, "tensor blk.1.ffn_gate.weight occurs twice");
  }

  @Test
  void offsetsOffTheGrid() throws IOException {
    byte[] bytes = sound().build();
    int name = find(bytes, "blk.0.attn_q.weight");
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(name + "blk.0.attn_q.weight".length() + 4 + 16 + 4, 33);
    refuse(bytes, CorruptModelException.class, "multiples of the alignment 32");
  }

  @Test
  void otherFiles() throws IOException {
    refuse(new byte[0], CorruptModelException.class, "ends at byte 0");
    refuse("PK\3\4 and more".getBytes(), CorruptModelException.class, "not a GGUF file");
    assertThatThrownBy(() -> GgufImport.convert(folder.resolve("none"), folder.resolve("out")))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("no file");
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] whole = sound().build();
    Random random = new Random(2);
    for (int i = 0; i < 300; i++) {
      int length = i < 100 ? i : random.nextInt(whole.length);
      refuse(Arrays.copyOf(whole, length), CorruptModelException.class, "");
    }
  }

  @TempDir Path imports;

  /** Whatever a byte of the header becomes, the import succeeds or names what is wrong. */
  @Test
  void flippedBytesNeverEscapeTheExceptionTree() throws IOException {
    byte[] whole = sound().build();
    int header = find(whole, "blk.1.ffn_down.weight") + 60;
    Random random = new Random(3);
    int refused = 0;
    for (int i = 0; i < 150; i++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(header)] ^= (byte) (1 << random.nextInt(8));
      Path file = Files.write(folder.resolve("flipped.gguf"), damaged);
      Path target = imports.resolve("flipped-" + i);
      try {
        GgufImport.convert(file, target);
      } catch (PatchkitException e) {
        refused++;
        assertThat(e.getMessage()).isNotBlank();
        assertThat(target).doesNotExist();
        try (Stream<Path> left = Files.list(imports)) {
          assertThat(left).noneMatch(path -> path.getFileName().toString().endsWith(".tmp"));
        }
      }
    }
    assertThat(refused).isGreaterThan(50);
  }

  private DynamicTest corrupt(String message, Consumer<GgufBytes> damage) {
    return refused(CorruptModelException.class, message, damage);
  }

  private DynamicTest unsupported(String message, Consumer<GgufBytes> change) {
    return refused(UnsupportedModelException.class, message, change);
  }

  private DynamicTest refused(
      Class<? extends PatchkitException> kind, String message, Consumer<GgufBytes> change) {
    return DynamicTest.dynamicTest(
        message,
        () -> {
          GgufBytes gguf = sound();
          change.accept(gguf);
          refuse(gguf.build(), kind, message);
        });
  }

  private void refuse(byte[] bytes, Class<? extends PatchkitException> kind, String message)
      throws IOException {
    Path file = Files.write(folder.resolve("hostile.gguf"), bytes);
    Path target = folder.resolve("out");
    assertThatThrownBy(() -> GgufImport.convert(file, target))
        .isInstanceOf(kind)
        .hasMessageContaining(message);
    requireNothingBeside(file);
  }

  private void requireNothingBeside(Path file) throws IOException {
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(file);
    }
  }

  private static final String EPSILON = "llama.attention.layer_norm_rms_epsilon";
  private static final String TOKENS = "tokenizer.ggml.tokens";
  private static final String TYPES = "tokenizer.ggml.token_type";
  private static final String MERGES = "tokenizer.ggml.merges";

  private static byte[] ints(int... values) {
    ByteBuffer bytes = GgufBytes.le(values.length * 4);
    bytes.asIntBuffer().put(values);
    return bytes.array();
  }

  /** An array of bools. */
  private static byte[] flags(int count) {
    return GgufBytes.le(12 + count).putInt(7).putLong(count).array();
  }

  private static byte[] infinite() {
    byte[] blocks = new byte[34 * 8 * 64];
    blocks[1] = 0x7e;
    return blocks;
  }

  private static float[] infinities() {
    float[] values = new float[256];
    values[255] = Float.POSITIVE_INFINITY;
    return values;
  }

  private static int find(byte[] bytes, String text) {
    return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf(text);
  }

  private static void replace(byte[] bytes, String from, String to) {
    System.arraycopy(to.getBytes(), 0, bytes, find(bytes, from), to.length());
  }
}
