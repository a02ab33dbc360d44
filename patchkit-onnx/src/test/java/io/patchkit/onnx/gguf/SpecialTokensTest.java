package io.patchkit.onnx.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.CorruptModelException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The roles of tokens as llama.cpp reads them (llama-vocab.cpp, special_eog_ids). */
class SpecialTokensTest {

  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;

  private static GgufMetadata metadata(
      List<String> tokens, List<Integer> types, Map<String, Long> ids) {
    Map<String, GgufValue> values = new HashMap<>();
    values.put("tokenizer.ggml.tokens", new GgufValue.Texts(tokens));
    values.put(
        "tokenizer.ggml.token_type",
        new GgufValue.Wholes(types.stream().map(Integer::longValue).toList()));
    ids.forEach(
        (role, id) -> values.put("tokenizer.ggml." + role + "_token_id", new GgufValue.Whole(id)));
    return new GgufMetadata(values);
  }

  /** Llama 3.x Instruct: its generation_config.json names all three, its GGUF only the last. */
  @Test
  void allEndsOfLlama3() {
    List<String> tokens =
        List.of("a", "<|begin_of_text|>", "<|end_of_text|>", "<|eom_id|>", "<|eot_id|>");
    GgufMetadata metadata =
        metadata(tokens, List.of(NORMAL, CONTROL, CONTROL, CONTROL, CONTROL), Map.of("eos", 4L));
    SpecialTokens special = SpecialTokens.of(metadata, Vocabulary.of(metadata, 5), true);
    assertThat(special.ends()).containsExactly(2, 3, 4);
    assertThat(special.eos()).isEqualTo(4);
  }

  /** Converters of ChatML fine-tunes gave the ends of turns other types. */
  @Test
  void endsAreControlTokensWhateverTheirType() {
    List<String> tokens = List.of("</s>", "<|im_end|>", "<|im_start|>", "<|endoftext|>");
    GgufMetadata metadata =
        metadata(tokens, List.of(CONTROL, USER_DEFINED, USER_DEFINED, NORMAL), Map.of("eos", 0L));
    Vocabulary vocabulary = Vocabulary.of(metadata, 4);
    assertThat(vocabulary.kinds())
        .containsExactly(
            Vocabulary.Kind.CONTROL,
            Vocabulary.Kind.CONTROL,
            Vocabulary.Kind.USER_DEFINED,
            Vocabulary.Kind.CONTROL);
    assertThat(SpecialTokens.of(metadata, vocabulary, true).ends()).containsExactly(0, 1, 3);
  }

  @Test
  void paddingThatIsNoTokenIsNone() {
    List<String> tokens = List.of("a", "b");
    for (long none : new long[] {4_294_967_295L, -1, 2}) {
      GgufMetadata metadata =
          metadata(
              tokens,
              Collections.nCopies(2, NORMAL),
              Map.of("eos", 1L, "padding", none, "unknown", none));
      SpecialTokens special = SpecialTokens.of(metadata, Vocabulary.of(metadata, 2), true);
      assertThat(special.padding()).isNull();
      assertThat(special.unknown()).isNull();
    }
  }

  @Test
  void hugeSentencePieceTokensAreRefused() {
    String huge = "a".repeat(257);
    GgufMetadata metadata = metadata(List.of("a", huge), Collections.nCopies(2, NORMAL), Map.of());
    Vocabulary vocabulary = Vocabulary.of(metadata, 2);
    assertThatThrownBy(() -> SentencePieceMerges.of(vocabulary, List.of(0.0, 0.0)))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("token 1 has 257 characters");
  }
}
