package io.patchkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.format.DType;
import io.patchkit.format.FormatException;
import io.patchkit.format.FormatException.Reason;
import io.patchkit.format.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatchTest {

  private static final String FINGERPRINT = "0123456789abcdef".repeat(4);

  @TempDir Path folder;

  @Property(tries = 40)
  void readsWhatItWrote(
      @ForAll @IntRange(min = 1, max = 200) int length,
      @ForAll boolean keyValue,
      @ForAll("storages") DType storage)
      throws IOException {
    Path directory = Files.createTempDirectory("patch").resolve("p");
    Patch patch = keyValue ? keyValuePatch(length) : softPatch(length);
    patch.save(directory, storage);
    Patch loaded = Patch.load(directory);
    assertThat(loaded.manifest()).isEqualTo(patch.manifest());
    float[] before = rows(patch);
    float[] after = rows(loaded);
    assertThat(after).hasSameSizeAs(before);
    for (int i = 0; i < before.length; i++) {
      assertThat(after[i]).isEqualTo(storage.round(before[i]));
    }
    if (storage == DType.F32) {
      assertThat(loaded).isEqualTo(patch);
      assertThat(loaded.prefix().digest()).isEqualTo(patch.prefix().digest());
    }
  }

  @net.jqwik.api.Provide
  net.jqwik.api.Arbitrary<DType> storages() {
    return net.jqwik.api.Arbitraries.of(DType.class);
  }

  /** The adapters in the resources were written by PEFT 0.21.2; see the README beside them. */
  @ParameterizedTest
  @CsvSource({"peft-prompt-tuning, 5", "peft-prefix-tuning, 5"})
  void writesAnAdapterAsPeftDoes(String name, int length) throws IOException {
    Path original = Path.of("src/test/resources/io/patchkit").resolve(name);
    Patch patch = Patch.fromPeft(original);
    assertThat(patch.prefix().length()).isEqualTo(length);
    assertThat(patch.manifest().base().isVerified()).isFalse();
    assertThat(patch.id()).isEqualTo(name + "-0.0.0");

    Path copy = folder.resolve("copy");
    patch.save(copy);
    assertThat(copy.resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(original.resolve("adapter_model.safetensors"));
    // PEFT notes the attention heads of the base model, which a soft prompt does not know.
    String written = Files.readString(copy.resolve("adapter_config.json"));
    String expected = Files.readString(original.resolve("adapter_config.json"));
    if (name.contains("prompt")) {
      expected = expected.replace("\"num_attention_heads\": 4", "\"num_attention_heads\": null");
    }
    assertThat(written).isEqualTo(expected);
    assertThat(Patch.load(copy)).isEqualTo(patch);
  }

  @Test
  void keepsItsDocuments() throws IOException {
    JsonObject evaluation = JsonObject.builder().put("n", 160).put("rate", 0.5).build();
    JsonObject provenance = JsonObject.builder().put("step", 1).build();
    Path directory = folder.resolve("documented");
    Patch patch = softPatch(3).withDocument(PatchDocument.PROVENANCE, provenance);
    patch.save(directory);
    Patch.attach(directory, PatchDocument.EVALUATION, JsonObject.builder().put("n", 1).build());
    Patch.attach(directory, PatchDocument.EVALUATION, evaluation);

    Patch loaded = Patch.load(directory);
    assertThat(loaded.document(PatchDocument.EVALUATION)).isEqualTo(evaluation);
    assertThat(loaded).isEqualTo(patch.withDocument(PatchDocument.EVALUATION, evaluation));
    Path copy = folder.resolve("copied");
    loaded.withManifest(manifest -> manifest.withLicence("MIT")).save(copy);
    assertThat(Patch.load(copy).document(PatchDocument.PROVENANCE)).isEqualTo(provenance);
    assertThat(copy.resolve("evaluation.json"))
        .hasSameBinaryContentAs(directory.resolve("evaluation.json"));

    Files.writeString(directory.resolve("evaluation.json"), "{\"n\": 2}");
    assertThatThrownBy(() -> Patch.load(directory))
        .isInstanceOf(CorruptPatchException.class)
        .hasMessageContaining("evaluation.json");
  }

  @Test
  void readsNoDocumentThatIsNotListed() throws IOException {
    Path directory = folder.resolve("unlisted");
    softPatch(3).save(directory);
    Files.writeString(directory.resolve("evaluation.json"), "not JSON");
    assertThat(Patch.load(directory)).isEqualTo(softPatch(3));
  }

  @Test
  void appearsWholeOrNotAtAll() throws IOException {
    Path occupied = Files.createDirectory(folder.resolve("occupied"));
    Files.writeString(occupied.resolve("mine.txt"), "keep");
    assertThatThrownBy(() -> softPatch(2).save(occupied))
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("cannot write the patch")
        .hasMessageContaining("something is there already");
    try (Stream<Path> left = Files.list(occupied)) {
      assertThat(left).containsExactly(occupied.resolve("mine.txt"));
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(occupied);
    }
  }

  @Test
  void writesNothingThatItWouldNotRead() {
    Path directory = folder.resolve("long");
    Patch patch = softPatch(2);
    assertThatThrownBy(
            () ->
                patch
                    .withManifest(manifest -> manifest.withDescription("d".repeat(65_537)))
                    .save(directory))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("patch.json would not be read again")
        .hasMessageContaining("65536");
    JsonObject nested = JsonObject.builder().put("leaf", 1).build();
    for (int level = 0; level < 64; level++) {
      nested = JsonObject.builder().put("level", nested).build();
    }
    JsonObject deep = nested;
    assertThatThrownBy(() -> patch.withDocument(PatchDocument.EVALUATION, deep).save(directory))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("evaluation.json would not be read again");
    assertThat(directory).doesNotExist();

    patch.save(directory);
    assertThatThrownBy(() -> Patch.attach(directory, PatchDocument.EVALUATION, deep))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Patch.load(directory)).isEqualTo(patch);
  }

  /** Of a model with 32 layers of 32 heads of 128 numbers. */
  @Test
  void refusesWeightsThatAreTooLongForItsReader() {
    long numbers = 2L * 32 * 32 * 128;
    PatchDirectory.requireWeightsFit(255, numbers, DType.F32);
    PatchDirectory.requireWeightsFit(511, numbers, DType.BF16);
    assertThatThrownBy(() -> PatchDirectory.requireWeightsFit(256, numbers, DType.F32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("for 256 virtual tokens in F32; allowed: at most 268435456");
    assertThatThrownBy(
            () -> PatchDirectory.requireWeightsFit(Prefix.MAX_LENGTH, numbers, DType.F16))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void describesTheInstructionItHolds() {
    LanguageModel model = new StubModel() {};
    assertThat(Patch.ofInstruction(model, "Be kind.", 20).manifest().description())
        .isEqualTo("The embeddings of: Be kind.");
    assertThat(Patch.ofInstruction(model, "Be kind.".repeat(10_000), 7).manifest().description())
        .isEqualTo("The embeddings of: Be kind");
  }

  @Test
  void pointsFromAMissingManifestToPeft() {
    assertThatThrownBy(
            () -> Patch.load(Path.of("src/test/resources/io/patchkit/peft-prompt-tuning")))
        .isInstanceOf(CorruptPatchException.class)
        .hasMessageContaining("has no patch.json")
        .hasMessageContaining("Patch.fromPeft");
  }

  @Test
  void namesWhatIsMissing() throws IOException {
    Path directory = saved();
    Files.delete(directory.resolve("adapter_model.safetensors"));
    assertThatThrownBy(() -> Patch.load(directory))
        .isInstanceOf(CorruptPatchException.class)
        .hasMessageContaining("adapter_model.safetensors is missing");
    assertThatThrownBy(() -> Patch.load(folder.resolve("nowhere")))
        .isInstanceOf(CorruptPatchException.class)
        .hasMessageContaining("patch.json is missing");
  }

  @Test
  void noticesEveryFlippedBitOfTheWeights() throws IOException {
    Path directory = saved();
    Path weights = directory.resolve("adapter_model.safetensors");
    byte[] good = Files.readAllBytes(weights);
    Random random = new Random(7);
    for (int i = 0; i < 50; i++) {
      byte[] bad = good.clone();
      bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(weights, bad);
      assertThatThrownBy(() -> Patch.load(directory))
          .isInstanceOf(CorruptPatchException.class)
          .hasMessageContaining("SHA-256 of adapter_model.safetensors: expected");
    }
    Files.write(weights, java.util.Arrays.copyOf(good, good.length - 1));
    assertThatThrownBy(() -> Patch.load(directory)).hasMessageContaining("size of");
  }

  /** Each line: the text to replace in patch.json, its replacement, the reason of the refusal. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"formatVersion\": 1 | \"formatVersion\": 2 | VALUE_NOT_ALLOWED",
        "\"formatVersion\": 1 | \"formatVersion\": \"1\" | WRONG_TYPE",
        "\"formatVersion\": 1, | `` | MISSING_FIELD",
        "\"name\": \"p\" | \"name\": \"../p\" | VALUE_NOT_ALLOWED",
        "\"name\": \"p\" | \"name\": \"p\", \"name\": \"q\" | DUPLICATE_KEY",
        "\"name\": \"p\" | \"name\": \"p\", \"surprise\": 1 | UNKNOWN_FIELD",
        "\"name\": \"p\" | \"name\": null | WRONG_TYPE",
        "1.2.0 | 1.2 | VALUE_NOT_ALLOWED",
        "1.2.0 | 1.2.0+a | VALUE_NOT_ALLOWED",
        "soft-prompt | lora | VALUE_NOT_ALLOWED",
        "\"length\": 2 | \"length\": 0 | OUT_OF_RANGE",
        "\"length\": 2 | \"length\": 2.0 | WRONG_TYPE",
        "\"length\": 2 | \"length\": 99999 | OUT_OF_RANGE",
        "layer-input | elsewhere | VALUE_NOT_ALLOWED",
        "\"hiddenSize\": 3 | \"hiddenSize\": -3 | OUT_OF_RANGE",
        "0123456789abcdef01 | 0123456789ABCDEF01 | VALUE_NOT_ALLOWED",
        "\"requires\": [] | \"requires\": [\"A B\"] | VALUE_NOT_ALLOWED",
        "\"requires\": [] | \"requires\": [1] | WRONG_TYPE",
        "2026-01-31T12:00:00Z | 2026-01-31 | VALUE_NOT_ALLOWED",
        "2026-01-31T12:00:00Z | 2026-01-31T12:00:00.5Z | VALUE_NOT_ALLOWED",
        "\"seed\": \"1\" | \"seed\": 1 | WRONG_TYPE",
      })
  void refusesAManifestThatIsNotOne(String found, String replacement, Reason reason)
      throws IOException {
    Path directory = saved();
    Path manifest = directory.resolve("patch.json");
    String text = Files.readString(manifest);
    assertThat(text).contains(found);
    Files.writeString(manifest, text.replace(found, replacement));
    CorruptPatchException refused =
        catchThrowableOfType(CorruptPatchException.class, () -> Patch.load(directory));
    assertThat(refused).hasCauseInstanceOf(FormatException.class);
    assertThat(((FormatException) refused.getCause()).reason()).isEqualTo(reason);
    assertThat(refused).hasMessageContaining("$");
  }

  @Test
  void refusesAManifestThatContradictsTheWeights() throws IOException {
    for (String[] change :
        new String[][] {
          {"\"length\": 2", "\"length\": 3", "prefix.length: expected 3, found 2"},
          {"\"hiddenSize\": 3", "\"hiddenSize\": 4", "base.hiddenSize is 4"},
          {
            "\"kind\": \"soft-prompt\",\n    \"length\": 2,\n    \"space\": \"layer-input\"",
            "\"kind\": \"kv-prefix\",\n    \"length\": 2",
            "prefix.kind: expected KEY_VALUE, found SOFT_PROMPT"
          }
        }) {
      Path directory = Files.createTempDirectory(folder, "x").resolve("p");
      softPatch(2).save(directory);
      Path manifest = directory.resolve("patch.json");
      String text = Files.readString(manifest);
      assertThat(text).contains(change[0]);
      Files.writeString(manifest, text.replace(change[0], change[1]));
      assertThatThrownBy(() -> Patch.load(directory))
          .isInstanceOf(CorruptPatchException.class)
          .hasMessageContaining(change[2]);
    }
  }

  /** Worked by hand: the digest is of this header, a zero byte and six little-endian floats. */
  @Test
  void digestsWhatTheNumbersAre() throws Exception {
    SoftPrompt prompt =
        SoftPrompt.of(3, EmbeddingSpace.LAYER_INPUT, new float[] {1, 2, 3, 4, 5, 6});
    byte[] header = "soft-prompt/LAYER_INPUT/2/3\0".getBytes("US-ASCII");
    byte[] numbers =
        HexFormat.of()
            .parseHex("0000803f" + "00000040" + "00004040" + "00008040" + "0000a040" + "0000c040");
    java.security.MessageDigest sha = java.security.MessageDigest.getInstance("SHA-256");
    sha.update(header);
    assertThat(prompt.digest()).isEqualTo(HexFormat.of().formatHex(sha.digest(numbers)));
    assertThat(SoftPrompt.of(3, EmbeddingSpace.TOKEN_TABLE, prompt.rows()).digest())
        .isNotEqualTo(prompt.digest());
  }

  /** [length 1, 2 layers: k0 v0 k1 v1, 2 heads, headDim 1], written out. */
  @Test
  void findsKeysAndValuesOfALayer() {
    KeyValuePrefix prefix =
        KeyValuePrefix.of(
            2, 2, 1, new float[] {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18});
    assertThat(prefix.length()).isEqualTo(2);
    assertThat(prefix.keys(0)).containsExactly(1, 11, 2, 12);
    assertThat(prefix.values(0)).containsExactly(3, 13, 4, 14);
    assertThat(prefix.keys(1)).containsExactly(5, 15, 6, 16);
    assertThat(prefix.values(1)).containsExactly(7, 17, 8, 18);
  }

  @Test
  void refusesNumbersThatAreNone() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> SoftPrompt.of(2, EmbeddingSpace.LAYER_INPUT, new float[] {0, bad}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rows[1] is " + bad);
    }
    assertThatThrownBy(() -> SoftPrompt.of(2, EmbeddingSpace.LAYER_INPUT, new float[3]))
        .hasMessageContaining("whole rows of hiddenSize 2");
    assertThatThrownBy(() -> softPatch(1).save(folder.resolve("h"), null))
        .isInstanceOf(NullPointerException.class);
    Patch large =
        Patch.of(
            softPatch(1).manifest(),
            SoftPrompt.of(3, EmbeddingSpace.LAYER_INPUT, new float[] {1e6f, 0, 0}));
    assertThatThrownBy(() -> large.save(folder.resolve("h"), DType.F16))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aManifestIsChangedInOneThingAtATime() {
    PatchManifest manifest = softPatch(2).manifest();
    PatchManifest changed =
        manifest
            .withName("q")
            .withVersion(SemanticVersion.parse("2.0.0"))
            .withCreated(Instant.EPOCH);
    assertThat(changed.name()).isEqualTo("q");
    assertThat(changed.slot()).isEqualTo("p");
    assertThat(changed.version()).isEqualTo(SemanticVersion.parse("2.0.0"));
    assertThat(changed.created()).isEqualTo(Instant.EPOCH);
    assertThat(
            changed.withName("p").withVersion(manifest.version()).withCreated(manifest.created()))
        .isEqualTo(manifest);
  }

  @Test
  void aBaseNamesOneExportMore() {
    BaseModel base = softPatch(2).manifest().base();
    String other = "0".repeat(64);
    BaseModel both = base.withFingerprint(other);
    assertThat(both.fingerprints()).containsExactly(FINGERPRINT, other);
    assertThat(both.withFingerprint(other)).isEqualTo(both);
    assertThat(base.withName("b").withTokenizerFingerprint(other))
        .isEqualTo(new BaseModel("b", List.of(FINGERPRINT), other, 3, 2, 2, 4));
    assertThatThrownBy(() -> base.withFingerprint("0x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fingerprints holds '0x'");
  }

  private Path saved() {
    Path directory = folder.resolve("p");
    softPatch(2).save(directory);
    return directory;
  }

  private static Patch softPatch(int length) {
    BaseModel base = new BaseModel("base", List.of(FINGERPRINT), FINGERPRINT, 3, 2, 2, 4);
    return Patch.of(
        manifest(base), SoftPrompt.of(3, EmbeddingSpace.LAYER_INPUT, random(3 * length)));
  }

  private static Patch keyValuePatch(int length) {
    BaseModel base = new BaseModel("base", List.of(FINGERPRINT), null, 3, 2, 2, 4);
    return Patch.of(manifest(base), KeyValuePrefix.of(2, 2, 4, random(2 * 2 * 2 * 4 * length)));
  }

  private static PatchManifest manifest(BaseModel base) {
    return PatchManifest.of(
            "p", SemanticVersion.parse("1.2.0"), base, Instant.parse("2026-01-31T12:00:00Z"))
        .withDescription("Refuses \"harm\" ünïcode")
        .withLicence("Apache-2.0")
        .withProvenance(Map.of("seed", "1", "data", "d"));
  }

  private static float[] random(int count) {
    Random random = new Random(count);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private static float[] rows(Patch patch) {
    return patch.prefix() instanceof SoftPrompt soft
        ? soft.rows()
        : ((KeyValuePrefix) patch.prefix()).rows();
  }
}
