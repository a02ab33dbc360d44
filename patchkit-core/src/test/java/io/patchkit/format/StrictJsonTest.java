package io.patchkit.format;

import static io.patchkit.format.Crafted.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StrictJsonTest {

  private static final JsonLimits LIMITS = JsonLimits.defaults();

  /** Python's json module wrote the document; see reference.py beside it. */
  @Test
  void writesWhatPythonWrote() {
    byte[] document = Crafted.resource("document.json");
    assertThat(StrictJson.write(StrictJson.parse(document, LIMITS)))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(new String(document, StandardCharsets.UTF_8));
  }

  @Test
  void readsEveryKindOfValue() {
    JsonObject object =
        StrictJson.parseObject(
            utf8(
                " {\"s\": \"\\u00e9\\ud83d\\ude00\\/\", \"i\": -12, \"d\": 1.50e+1, \"t\": true,"
                    + " \"n\": null, \"a\": [[], {}]}\r\n\t"),
            LIMITS);
    assertThat(object.names()).containsExactly("s", "i", "d", "t", "n", "a");
    assertThat(object.get("s")).isEqualTo(new JsonString("é😀/"));
    assertThat(object.get("i")).isEqualTo(JsonInteger.of(-12));
    assertThat(object.get("d")).isEqualTo(new JsonDecimal(15));
    assertThat(object.get("t")).isEqualTo(new JsonBoolean(true));
    assertThat(object.get("n")).isEqualTo(JsonNull.NULL);
    assertThat(object.get("a"))
        .isEqualTo(JsonArray.of(List.of(JsonArray.of(List.of()), JsonObject.builder().build())));
    assertThat(object.get("absent")).isNull();
    assertThat(object)
        .hasToString("{\"s\":\"é😀/\",\"i\":-12,\"d\":15.0,\"t\":true,\"n\":null,\"a\":[[],{}]}");
  }

  @Test
  void readsValuesThatAreNoObjects() {
    assertThat(StrictJson.parse(utf8("-0"), LIMITS)).isEqualTo(new JsonDecimal(-0.0));
    assertThat(StrictJson.parse(utf8("\"\""), LIMITS)).isEqualTo(new JsonString(""));
    assertThat(StrictJson.parse(utf8("1e-400"), LIMITS)).isEqualTo(new JsonDecimal(0));
  }

  /** Shortest digits in Python's layout, for 24,024 doubles; see reference.py. */
  @Test
  void writesDecimalsAsPythonDoes() throws Exception {
    List<Double> doubles = new ArrayList<>();
    for (int exponent = -1074; exponent < 1024; exponent++) {
      doubles.add(Math.scalb(1.0, exponent));
    }
    long state = 1;
    while (doubles.size() < 20_000) {
      state = state * 6364136223846793005L + 1442695040888963407L;
      double value = Double.longBitsToDouble(state);
      if (Double.isFinite(value)) {
        doubles.add(value);
      }
    }
    for (int i = -2000; i <= 2000; i++) {
      doubles.add(i / 1000.0);
    }
    for (int exponent = 0; exponent < 23; exponent++) {
      doubles.add(Double.parseDouble("1e" + exponent));
    }
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (double value : doubles) {
      byte[] text = StrictJson.write(new JsonDecimal(value));
      digest.update(text);
      assertThat(StrictJson.parse(text, LIMITS)).isEqualTo(new JsonDecimal(value));
    }
    assertThat(HexFormat.of().formatHex(digest.digest()))
        .isEqualTo("ac292aa14695e142eefe0e362a99d6feeeae3e6286a2c8732619afcbce191446");
  }

  // Edge cases of nested values multiply without end.
  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void roundTrips(@ForAll("values") JsonValue value) {
    byte[] text = StrictJson.write(value);
    JsonValue read = StrictJson.parse(text, LIMITS.withMaxDepth(JsonLimits.DEEPEST));
    assertThat(read).isEqualTo(value);
    assertThat(StrictJson.write(read)).isEqualTo(text);
  }

  @Test
  void theDeepestDocumentsAllowedAreReadAndWritten() {
    int depth = JsonLimits.DEEPEST;
    byte[] deep = utf8("[".repeat(depth) + "]".repeat(depth));
    JsonValue value = StrictJson.parse(deep, LIMITS.withMaxDepth(depth));
    assertThat(StrictJson.parse(StrictJson.write(value), JsonLimits.large().withMaxDepth(depth)))
        .isEqualTo(value);
    assertThatThrownBy(() -> LIMITS.withMaxDepth(depth + 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxDepth is 513");
  }

  @Test
  void loadsAFileWithinTheLimitAndNamesItInErrors(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("patch.json"), "{\"a\":1}");
    assertThat(StrictJson.loadObject(file, LIMITS.withMaxBytes(7)).integer("a", 0, 1)).isOne();
    assertThatThrownBy(() -> StrictJson.loadObject(file, LIMITS.withMaxBytes(6)))
        .isInstanceOf(FormatException.class)
        .hasMessage("patch.json: file: expected at most 6 bytes, found more");
    assertThatThrownBy(() -> StrictJson.loadObject(folder.resolve("absent"), LIMITS))
        .isInstanceOf(IOException.class);
  }

  @Test
  void unwritableValuesCannotBeMade() {
    assertThatThrownBy(() -> new JsonDecimal(Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new JsonString("a\udc00"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> JsonObject.builder().put("\ud800", 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> JsonObject.builder().put("a", 1).put("a", 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"a\"");
  }

  @Provide
  Arbitrary<JsonValue> values() {
    return values(3);
  }

  private static Arbitrary<JsonValue> values(int depth) {
    Arbitrary<String> texts = Arbitraries.strings().ofMaxLength(12).filter(JsonText::isWellFormed);
    Arbitrary<JsonValue> scalars =
        Arbitraries.oneOf(
            texts.map(JsonString::new),
            Arbitraries.bigIntegers()
                .between(BigInteger.TEN.pow(100).negate(), BigInteger.TEN.pow(100))
                .map(JsonInteger::new),
            Arbitraries.longs()
                .map(Double::longBitsToDouble)
                .filter(Double::isFinite)
                .map(JsonDecimal::new),
            Arbitraries.of(new JsonBoolean(true), new JsonBoolean(false), JsonNull.NULL));
    if (depth == 0) {
      return scalars;
    }
    Arbitrary<JsonValue> nested = values(depth - 1);
    return Arbitraries.oneOf(
        scalars,
        nested.list().ofMaxSize(4).map(JsonArray::of),
        Arbitraries.maps(texts, nested).ofMaxSize(4).map(StrictJsonTest::object));
  }

  private static JsonValue object(Map<String, JsonValue> fields) {
    JsonObject.Builder builder = JsonObject.builder();
    fields.forEach(builder::put);
    return builder.build();
  }
}
