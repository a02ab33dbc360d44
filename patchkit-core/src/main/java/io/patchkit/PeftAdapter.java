package io.patchkit;

import io.patchkit.format.DType;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.Safetensors;
import io.patchkit.format.SafetensorsLimits;
import io.patchkit.format.StrictJson;
import io.patchkit.format.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The two files of a Hugging Face PEFT adapter, as PEFT 0.21 writes them: {@code
 * adapter_config.json} and {@code adapter_model.safetensors} with the one tensor {@code
 * prompt_embeddings}. Its shape is [tokens, hidden] for prompt tuning and [tokens, 2 · layers ·
 * heads · headDim] for prefix tuning.
 */
final class PeftAdapter {

  static final String CONFIG = "adapter_config.json";
  static final String WEIGHTS = "adapter_model.safetensors";

  private static final String TENSOR = "prompt_embeddings";
  private static final String PROMPT_TUNING = "PROMPT_TUNING";
  private static final String PREFIX_TUNING = "PREFIX_TUNING";
  private static final String PEFT_VERSION = "0.21.2";
  private static final int MAX_SIZE = 1 << 24;

  private final JsonObject config;
  private final boolean isPrefixTuning;
  private final int length;
  private final int layers;

  private PeftAdapter(JsonObject config) {
    this.config = config;
    this.isPrefixTuning =
        config.string("peft_type", List.of(PROMPT_TUNING, PREFIX_TUNING)).equals(PREFIX_TUNING);
    this.length = config.integer("num_virtual_tokens", 1, Prefix.MAX_LENGTH);
    this.layers = isPrefixTuning ? config.integer("num_layers", 1, MAX_SIZE) : 1;
    requireSizes();
  }

  /** Decides about the configuration before any weights are looked at. */
  private void requireSizes() {
    if (tokenDim() > 0 && isPrefixTuning) {
      headDim();
    }
  }

  /** Reads the configuration; fields that say nothing of the numbers are let pass. */
  static PeftAdapter parse(byte[] config) {
    return new PeftAdapter(StrictJson.parseObject(config, JsonLimits.defaults()));
  }

  PatchJson.Kind kind() {
    return isPrefixTuning ? PatchJson.Kind.KEY_VALUE : PatchJson.Kind.SOFT_PROMPT;
  }

  /** The base model as far as the adapter names it, unverified. */
  BaseModel base() {
    String name = config.optionalString("base_model_name_or_path");
    int layers = orZero("num_layers");
    if (isPrefixTuning) {
      return new BaseModel(
          name == null ? "" : name, List.of(), null, 0, layers, heads(), headDim());
    }
    return new BaseModel(name == null ? "" : name, List.of(), null, tokenDim(), layers, 0, 0);
  }

  /** The prefix that the weights hold. */
  Prefix prefix(byte[] weights, EmbeddingSpace space) {
    Map<String, Tensor> tensors =
        Safetensors.parse(weights, SafetensorsLimits.defaults()).tensors();
    Tensor tensor = tensors.get(TENSOR);
    long width = isPrefixTuning ? 2L * layers * tokenDim() : tokenDim();
    if (tensor == null || tensors.size() != 1) {
      throw unexpected("the one tensor " + TENSOR, tensors.keySet().toString());
    }
    if (!tensor.shape().equals(List.of((long) length, width))) {
      throw unexpected(
          TENSOR + " of shape [" + length + ", " + width + "], as " + CONFIG + " says",
          tensor.shape().toString());
    }
    return isPrefixTuning
        ? KeyValuePrefix.of(layers, heads(), headDim(), tensor.toArray())
        : SoftPrompt.of(tokenDim(), space, tensor.toArray());
  }

  private int tokenDim() {
    return config.integer("token_dim", 1, MAX_SIZE);
  }

  private int heads() {
    return config.integer("num_attention_heads", 1, MAX_SIZE);
  }

  private int headDim() {
    if (tokenDim() % heads() != 0) {
      throw config.notAllowed("token_dim", "a multiple of num_attention_heads " + heads());
    }
    return tokenDim() / heads();
  }

  private int orZero(String field) {
    Integer value = config.optionalInteger(field, 0, MAX_SIZE);
    return value == null ? 0 : value;
  }

  private static FormatException unexpected(String expected, String found) {
    return new FormatException(
        FormatException.Reason.VALUE_NOT_ALLOWED,
        WEIGHTS,
        "expected " + expected + ", found " + found);
  }

  /** The configuration of a prefix in PEFT's own form: keys sorted, no final newline. */
  static byte[] config(Prefix prefix, BaseModel base) {
    byte[] text =
        StrictJson.write(
            prefix instanceof KeyValuePrefix keyValue
                ? prefixTuning(keyValue, base)
                : promptTuning((SoftPrompt) prefix, base));
    return Arrays.copyOf(text, text.length - 1);
  }

  private static JsonObject promptTuning(SoftPrompt prefix, BaseModel base) {
    JsonObject.Builder config =
        JsonObject.builder()
            .putNull("auto_mapping")
            .put("base_model_name_or_path", base.name())
            .put("inference_mode", true)
            .putNull("modules_to_save")
            .putNull("num_attention_heads");
    putLayers(config, base);
    return config
        .put("num_transformer_submodules", 1)
        .put("num_virtual_tokens", prefix.length())
        .put("peft_type", PROMPT_TUNING)
        .put("peft_version", PEFT_VERSION)
        .put("prompt_tuning_init", "RANDOM")
        .putNull("prompt_tuning_init_text")
        .putNull("revision")
        .put("task_type", "CAUSAL_LM")
        .put("token_dim", prefix.hiddenSize())
        .putNull("tokenizer_kwargs")
        .putNull("tokenizer_name_or_path")
        .build();
  }

  private static void putLayers(JsonObject.Builder config, BaseModel base) {
    if (base.layers() == 0) {
      config.putNull("num_layers");
    } else {
      config.put("num_layers", base.layers());
    }
  }

  private static JsonObject prefixTuning(KeyValuePrefix prefix, BaseModel base) {
    int tokenDim = prefix.keyValueHeads() * prefix.headDim();
    return JsonObject.builder()
        .putNull("auto_mapping")
        .put("base_model_name_or_path", base.name())
        .put("encoder_hidden_size", tokenDim)
        .put("inference_mode", true)
        .putNull("init_weights")
        .putNull("modules_to_save")
        .put("num_attention_heads", prefix.keyValueHeads())
        .put("num_layers", prefix.layers())
        .put("num_transformer_submodules", 1)
        .put("num_virtual_tokens", prefix.length())
        .put("peft_type", PREFIX_TUNING)
        .put("peft_version", PEFT_VERSION)
        .put("prefix_projection", false)
        .putNull("revision")
        .put("task_type", "CAUSAL_LM")
        .put("token_dim", tokenDim)
        .build();
  }

  /** The weights file of a prefix. */
  static byte[] weights(Prefix prefix, DType storage) {
    float[] rows =
        prefix instanceof KeyValuePrefix keyValue ? keyValue.rows() : ((SoftPrompt) prefix).rows();
    Tensor tensor = Tensor.of(storage, rows, prefix.length(), rows.length / prefix.length());
    return new Safetensors(Map.of(TENSOR, tensor), Map.of("format", "pt")).toBytes();
  }
}
