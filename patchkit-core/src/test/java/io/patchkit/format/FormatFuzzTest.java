package io.patchkit.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;

/**
 * Whatever the bytes: a value that writes back to an equal one, or a {@link FormatException}.
 * docs/trust.md tells how a campaign is run.
 */
class FormatFuzzTest {

  /** So small that a header which promises much more than the file holds shows in the memory. */
  private static final SafetensorsLimits LIMITS =
      SafetensorsLimits.defaults().withMaxBytes(1 << 20);

  @FuzzTest
  void json(byte[] text) {
    try {
      JsonValue value = StrictJson.parse(text, JsonLimits.defaults());
      JsonLimits limits = JsonLimits.large();
      assertThat(StrictJson.parse(StrictJson.write(value), limits)).isEqualTo(value);
    } catch (FormatException e) {
      assertThat(e).hasMessageStartingWith(e.location());
    }
  }

  @FuzzTest
  void safetensors(byte[] file) {
    try {
      Safetensors tensors = Safetensors.parse(file, LIMITS);
      byte[] written = tensors.toBytes();
      assertThat(Safetensors.parse(written, LIMITS)).isEqualTo(tensors);
    } catch (FormatException e) {
      assertThat(e).hasMessageStartingWith(e.location());
    }
  }
}
