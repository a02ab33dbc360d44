package io.patchkit.format;

import static io.patchkit.format.Crafted.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.Interop;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever our reader accepts, the Python library {@code safetensors} accepts. */
class SafetensorsInteropTest {

  private static final int MUTANTS = 6000;

  @TempDir Path folder;

  @Test
  void acceptsNothingThatTheLibraryRefuses() throws Exception {
    Path python = Interop.tool("venv/bin/python");
    List<byte[]> accepted = accepted();
    // Most mutants are refused by both; the law is about those that we accept.
    assertThat(accepted).hasSizeGreaterThan(500);

    StringBuilder names = new StringBuilder();
    for (int i = 0; i < accepted.size(); i++) {
      names.append(Files.write(folder.resolve(i + ".safetensors"), accepted.get(i))).append('\n');
    }
    Path list = Files.writeString(folder.resolve("list"), names);
    Path script = Path.of("src/test/resources/io/patchkit/format/accepts.py");
    Interop.Result result =
        Interop.run(
            List.of(
                "sh", "-c", "exec \"$0\" \"$1\" < \"$2\"", python, script.toAbsolutePath(), list));
    assertThat(result.exit()).as(result.output()).isZero();
    List<String> answers = result.output().lines().toList();
    assertThat(answers).hasSameSizeAs(accepted);
    for (int i = 0; i < answers.size(); i++) {
      assertThat(answers.get(i)).as(header(accepted.get(i))).isEqualTo("yes");
    }
  }

  /** The mutants, of files of one to three tensors, that our reader accepts. */
  private static List<byte[]> accepted() {
    Random random = new Random(7);
    List<byte[]> accepted = new ArrayList<>();
    for (int i = 0; i < MUTANTS; i++) {
      byte[] file = mutant(seed(random), random);
      try {
        Safetensors.parse(file, SafetensorsLimits.defaults());
        accepted.add(file);
      } catch (FormatException e) {
        assertThat(e.reason()).isNotNull();
      }
    }
    return accepted;
  }

  private static byte[] seed(Random random) {
    DType dtype = DType.values()[random.nextInt(DType.values().length)];
    Tensor a = Tensor.of(dtype, new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor b = Tensor.of(DType.F32, new float[] {7}, 1);
    Map<String, Tensor> tensors =
        switch (random.nextInt(3)) {
          case 0 -> Map.of("a", a);
          case 1 -> Map.of("a", a, "b", b);
          default -> Map.of("a", a, "b.c", b, "_d", a);
        };
    return new Safetensors(tensors, random.nextBoolean() ? Map.of("k", "v") : Map.of()).toBytes();
  }

  /** Changes a character of the header into another that headers have, or its length, or data. */
  private static byte[] mutant(byte[] file, Random random) {
    byte[] alphabet = utf8("{}[]\",:0123456789 aFBd_.-+eE\\u\n");
    byte[] mutant = file.clone();
    int header = mutant[0] & 0xff | (mutant[1] & 0xff) << 8;
    for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
      switch (random.nextInt(8)) {
        case 0 -> mutant[8 + header + random.nextInt(mutant.length - 8 - header)] ^= 1;
        case 1 -> mutant[0] += (byte) (8 * random.nextInt(-1, 2));
        case 2 -> mutant = insertSpaces(mutant, header, random.nextInt(9));
        default -> {
          int at = 8 + random.nextInt(header);
          mutant[at] = alphabet[random.nextInt(alphabet.length)];
        }
      }
      header = mutant[0] & 0xff | (mutant[1] & 0xff) << 8;
      if (header <= 0 || header + 8 >= mutant.length) {
        break;
      }
    }
    return mutant;
  }

  private static byte[] insertSpaces(byte[] file, int header, int count) {
    byte[] spaces = " ".repeat(count).getBytes(StandardCharsets.US_ASCII);
    byte[] longer =
        Crafted.concat(
            Arrays.copyOf(file, 8 + header),
            spaces,
            Arrays.copyOfRange(file, 8 + header, file.length));
    longer[0] = (byte) (header + count);
    longer[1] = (byte) ((header + count) >> 8);
    return longer;
  }

  private static String header(byte[] file) {
    return new String(file, StandardCharsets.ISO_8859_1);
  }
}
