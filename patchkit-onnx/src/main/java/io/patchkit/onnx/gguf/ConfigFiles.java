package io.patchkit.onnx.gguf;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes the folder's configuration files, in the forms transformers and onnxruntime-genai read.
 */
final class ConfigFiles {

  private static final JsonFactory JSON = new JsonFactory();

  private final LlamaConfig config;
  private final TokenizerModel tokenizer;
  private final boolean tied;

  /**
   * Of a whole checkpoint.
   *
   * @param tied whether the output projection shares the embedding
   */
  ConfigFiles(LlamaConfig config, TokenizerModel tokenizer, boolean tied) {
    this.config = config;
    this.tokenizer = tokenizer;
    this.tied = tied;
  }

  /** {@code config.json} of transformers. */
  void config(OutputStream out) throws IOException {
    try (JsonGenerator json = open(out)) {
      json.writeStartObject();
      json.writeArrayFieldStart("architectures");
      json.writeString("LlamaForCausalLM");
      json.writeEndArray();
      ids(json);
      json.writeNumberField("head_dim", config.headDim());
      json.writeStringField("hidden_act", "silu");
      json.writeNumberField("hidden_size", config.hidden());
      json.writeNumberField("intermediate_size", config.feedForward());
      json.writeNumberField("max_position_embeddings", config.context());
      json.writeStringField("model_type", "llama");
      json.writeNumberField("num_attention_heads", config.heads());
      json.writeNumberField("num_hidden_layers", config.layers());
      json.writeNumberField("num_key_value_heads", config.keyValueHeads());
      json.writeNumberField("rms_norm_eps", config.rmsEpsilon());
      if (config.ropeScale() == 1) {
        json.writeNullField("rope_scaling");
      } else {
        json.writeObjectFieldStart("rope_scaling");
        json.writeStringField("rope_type", "linear");
        json.writeNumberField("factor", config.ropeScale());
        json.writeEndObject();
      }
      json.writeNumberField("rope_theta", config.ropeBase());
      json.writeBooleanField("tie_word_embeddings", tied);
      json.writeNumberField("vocab_size", config.vocabulary());
      json.writeEndObject();
    }
  }

  /** {@code generation_config.json} of transformers. */
  void generationConfig(OutputStream out) throws IOException {
    try (JsonGenerator json = open(out)) {
      json.writeStartObject();
      ids(json);
      json.writeEndObject();
    }
  }

  /** {@code tokenizer_config.json} of transformers. */
  void tokenizerConfig(OutputStream out) throws IOException {
    SpecialTokens special = tokenizer.special();
    try (JsonGenerator json = open(out)) {
      json.writeStartObject();
      json.writeBooleanField("add_bos_token", special.prependsBos());
      json.writeBooleanField("add_eos_token", false);
      token(json, "bos_token", special.bos());
      token(json, "eos_token", special.eos());
      token(json, "pad_token", special.padding());
      token(json, "unk_token", special.unknown());
      json.writeBooleanField("clean_up_tokenization_spaces", false);
      json.writeNumberField("model_max_length", config.context());
      json.writeStringField("tokenizer_class", "PreTrainedTokenizerFast");
      json.writeEndObject();
    }
  }

  /** {@code genai_config.json} of onnxruntime-genai. */
  void genaiConfig(OutputStream out, String graph) throws IOException {
    try (JsonGenerator json = open(out)) {
      json.writeStartObject();
      json.writeObjectFieldStart("model");
      ids(json);
      json.writeNumberField("context_length", config.context());
      json.writeObjectFieldStart("decoder");
      json.writeObjectFieldStart("session_options");
      json.writeArrayFieldStart("provider_options");
      json.writeEndArray();
      json.writeEndObject();
      json.writeStringField("filename", graph);
      json.writeNumberField("head_size", config.headDim());
      json.writeNumberField("hidden_size", config.hidden());
      json.writeObjectFieldStart("inputs");
      json.writeStringField("input_ids", "input_ids");
      json.writeStringField("attention_mask", "attention_mask");
      json.writeStringField("past_key_names", "past_key_values.%d.key");
      json.writeStringField("past_value_names", "past_key_values.%d.value");
      json.writeEndObject();
      json.writeObjectFieldStart("outputs");
      json.writeStringField("logits", "logits");
      json.writeStringField("present_key_names", "present.%d.key");
      json.writeStringField("present_value_names", "present.%d.value");
      json.writeEndObject();
      json.writeNumberField("num_attention_heads", config.heads());
      json.writeNumberField("num_hidden_layers", config.layers());
      json.writeNumberField("num_key_value_heads", config.keyValueHeads());
      json.writeEndObject();
      json.writeStringField("type", "llama");
      json.writeNumberField("vocab_size", config.vocabulary());
      json.writeEndObject();
      json.writeObjectFieldStart("search");
      json.writeBooleanField("do_sample", false);
      json.writeNumberField("max_length", config.context());
      json.writeBooleanField("past_present_share_buffer", true);
      json.writeEndObject();
      json.writeEndObject();
    }
  }

  private void ids(JsonGenerator json) throws IOException {
    SpecialTokens special = tokenizer.special();
    Integer bos = special.bos();
    if (bos != null) {
      json.writeNumberField("bos_token_id", bos);
    }
    if (special.ends().size() == 1) {
      json.writeNumberField("eos_token_id", special.ends().get(0));
    } else if (!special.ends().isEmpty()) {
      json.writeArrayFieldStart("eos_token_id");
      for (int end : special.ends()) {
        json.writeNumber(end);
      }
      json.writeEndArray();
    }
    Integer padding = special.padding() == null ? special.eos() : special.padding();
    if (padding != null) {
      json.writeNumberField("pad_token_id", padding);
    }
  }

  private void token(JsonGenerator json, String role, @Nullable Integer id) throws IOException {
    if (id != null) {
      json.writeStringField(role, tokenizer.vocabulary().tokens().get(id));
    }
  }

  private static JsonGenerator open(OutputStream out) throws IOException {
    // Line ends of the platform would make the folder's digest depend on it.
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));
    return JSON.createGenerator(out).setPrettyPrinter(printer);
  }
}
