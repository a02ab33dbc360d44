"""Makes the files of this folder.

Run with torch 2.15.0, transformers 4.57.6, tokenizers 0.22.2, gguf 0.19.0 and sentencepiece 0.2:
    python make.py
No code of this project takes part: gguf-py quantises and dequantises, transformers computes the
logits, tokenizers and sentencepiece the ids.
"""
import base64
import io
import json
import struct

import numpy as np
import sentencepiece
import torch
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize, quantize
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

TEXTS = [
    "Hello world! 123 4567",
    "  multiple   spaces\t\ttabs\n\n\nnewlines \r\n",
    "日本語のテキスト と 中文 混合",
    "😀👩‍👩‍👧‍👦 emoji 🇫🇷",
    "Привет, мир! Ünïcödé ½ ² Ⅷ ٣",
    "def f(x):\n    return x**2  # comment\n",
    "don't we'll I'M they've THEY'LL",
    "العربية עברית हिन्दी ไทย 한국어",
    "a<|eot_id|>b <|begin_of_text|>",
    "I'm 1234567 it's IT'S 12a34 x1 != y!! ?!\n\n \n  \r\n  z 界面 ½²",
    "CamelCase mixedUPPER lower_case 3.14159 a+b=c $5^2 ~x|y",
    "zqx",
    "",
    " ",
]
# Merges across every boundary that some pattern draws: what is kept apart shows in the ids.
CROSSING = ["12", "123", "1234", "34", "4567", "3.14", " 12", "a1", "!!", "?!", "$5", "+=", "=c",
            "\n\n", " \n", "\r\n", "  ", "   ", "\t\t", "'s", "'S", "'ll", "'LL", "n't", "lC",
            "eC", "dU", "PER", "_c", "**", "(x", "):", ":\n", "~x", "|y", "½ ²", "界面", "e's"]
# Words in which the order of merges decides the pieces.
OVERLAPS = ["banana bandana ananas nana cabana", "aaaa aaa aa aaaaaaa", "abab baba ababa bab",
            "deeded needed seed seeded eddied", "missing mississippi sips hisses"]
CORPUS = TEXTS + ["the quick brown fox jumps over the lazy dog and the world says hello again"] * 4

GPT2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
LLAMA3 = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
QWEN2 = LLAMA3.replace("{1,3}", "")
TEKKEN = r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"""


def blocks():
    """Random blocks of every type and their weights."""
    rng = np.random.default_rng(7)
    halves = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
              "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
    made = []
    for name in ["F32", "F16", "BF16", *halves]:
        kind = Type[name]
        elements, size = GGML_QUANT_SIZES[kind]
        if name == "F32":
            raw = rng.standard_normal(64).astype("<f4").tobytes()
        elif name == "F16":
            edges = np.array([6e-8, -6e-8, 65504, -0.0], "<f2")
            raw = np.concatenate([rng.standard_normal(60).astype("<f2"), edges]).tobytes()
        elif name == "BF16":
            raw = b"".join(struct.pack("<f", x)[2:] for x in rng.standard_normal(64))
        else:
            data = rng.integers(0, 256, (256 // elements, size), dtype=np.uint8)
            for half in halves[name]:
                scale = (rng.standard_normal((len(data), 1)) * 0.05).astype("<f2")
                data[:, half:half + 2] = scale.view(np.uint8)
            raw = data.tobytes()
        plain = {"F32": "<f4", "F16": "<f2"}.get(name, np.uint8)
        weights = dequantize(np.frombuffer(raw, plain), kind).astype("<f4").reshape(-1)
        made.append({"type": name, "bytes": base64.b64encode(raw).decode(),
                     "weights": base64.b64encode(weights.tobytes()).decode()})
    json.dump(made, open("blocks.json", "w"), indent=1)


def byte_level(patterns, whole_tokens):
    """A tokenizer of 256 bytes, some merges and two special tokens."""
    splits = [pre_tokenizers.Split(Regex(p), "isolated") for p in patterns]
    tokenizer = Tokenizer(models.BPE(ignore_merges=whole_tokens))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS + CROSSING * 3, trainers.BpeTrainer(
        vocab_size=420, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    tokenizer.add_special_tokens(
        [AddedToken(t, normalized=False) for t in ["<|begin_of_text|>", "<|eot_id|>"]])
    return tokenizer


def pre_tokenizer_cases():
    """What each name of tokenizer.ggml.pre must make of the texts, all with one vocabulary."""
    kinds = {
        "gpt-2": ([GPT2], False),
        "smollm": ([r"\p{N}", GPT2], False),
        "llama-bpe": ([LLAMA3], True),
        "dbrx": ([LLAMA3], False),
        "qwen2": ([QWEN2], False),
        "tekken": ([TEKKEN], True),
        "default": ([r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"], False),
    }
    base = json.loads(byte_level([], False).to_str())
    # A token that no merge leads to: only those that keep whole tokens find it.
    base["model"]["vocab"]["zqx"] = len(base["model"]["vocab"])
    for token in base["added_tokens"]:
        token["id"] += 1
    cases = {}
    for name, (patterns, whole) in kinds.items():
        split = json.loads(byte_level(patterns, whole).to_str())
        split["model"]["vocab"] = base["model"]["vocab"]
        split["model"]["merges"] = base["model"]["merges"]
        split["added_tokens"] = base["added_tokens"]
        tokenizer = Tokenizer.from_str(json.dumps(split))
        cases[name] = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
    tokens = dict(base["model"]["vocab"])
    tokens.update({t["content"]: t["id"] for t in base["added_tokens"]})
    merges = [" ".join(pair) for pair in base["model"]["merges"]]
    return sorted(tokens, key=tokens.get), merges, cases


def sentence_piece():
    """A SentencePiece model with byte fallback, and what it makes of the texts."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([t for t in CORPUS if t.isascii()] + OVERLAPS * 5), model_writer=model,
        vocab_size=480, model_type="bpe", byte_fallback=True, character_coverage=1.0,
        normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True,
        allow_whitespace_only_pieces=True, minloglevel=2)
    made = {}
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    made["tokens"] = [processor.id_to_piece(i) for i in range(len(processor))]
    made["scores"] = [processor.get_score(i) for i in range(len(processor))]
    made["types"] = [2 if processor.is_unknown(i) else 3 if processor.is_control(i)
                     else 6 if processor.is_byte(i) else 1 for i in range(len(processor))]
    texts = [t for t in TEXTS if "<|" not in t and t.strip()] + OVERLAPS
    texts += ["annabananas", "aaaaaaaaaaaaa", "bbaabbaab", "seededeed", "mimississ"]
    made["texts"] = texts
    made["ids"] = [processor.encode(t) for t in texts]
    return made


def llama(tokens, merges):
    """A tiny Llama 3 with rope factors and grouped queries, each weight in another format."""
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokens), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=16, max_position_embeddings=512,
        rope_theta=500.0, rms_norm_eps=1e-5, tie_word_embeddings=False, initializer_range=0.3,
        rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                      "high_freq_factor": 4.0, "original_max_position_embeddings": 64})
    model = LlamaForCausalLM(config).eval()
    writer = GGUFWriter("llama3.gguf", "llama")
    writer.add_block_count(2)
    writer.add_context_length(512)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_key_length(16)
    writer.add_value_length(16)
    writer.add_rope_dimension_count(16)
    writer.add_rope_freq_base(500.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (len(tokens) - 2) + [3, 3])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(len(tokens) - 2)
    writer.add_eos_token_id(len(tokens) - 1)
    plain = 1.0 / (500.0 ** (torch.arange(0, 16, 2).float() / 16))
    factors = (plain / model.model.rotary_emb.inv_freq).numpy().astype(np.float32)
    writer.add_tensor("rope_freqs.weight", factors)

    def add(name, weight, kind, heads=0):
        data = weight.detach().numpy()
        if heads:  # as convert_hf_to_gguf.py permutes query and key rows
            data = data.reshape(heads, 2, -1, data.shape[1]).swapaxes(1, 2).reshape(data.shape)
        raw = quantize(np.ascontiguousarray(data), kind)
        writer.add_tensor(name, raw, raw_dtype=kind)
        kept = dequantize(raw, kind).reshape(data.shape)
        if heads:
            kept = kept.reshape(heads, -1, 2, data.shape[1]).swapaxes(1, 2).reshape(data.shape)
        weight.data.copy_(torch.tensor(kept))

    def norm(name, weight):
        weight.data.uniform_(0.5, 1.5)
        writer.add_tensor(name, weight.detach().numpy())

    with torch.no_grad():
        add("token_embd.weight", model.model.embed_tokens.weight, Type.Q8_0)
        add("output.weight", model.lm_head.weight, Type.Q5_0)
        norm("output_norm.weight", model.model.norm.weight)
        for i, layer in enumerate(model.model.layers):
            attention, mlp = layer.self_attn, layer.mlp
            norm(f"blk.{i}.attn_norm.weight", layer.input_layernorm.weight)
            norm(f"blk.{i}.ffn_norm.weight", layer.post_attention_layernorm.weight)
            add(f"blk.{i}.attn_q.weight", attention.q_proj.weight, Type.Q4_1, 2)
            add(f"blk.{i}.attn_k.weight", attention.k_proj.weight, Type.Q4_1, 1)
            add(f"blk.{i}.attn_v.weight", attention.v_proj.weight, Type.Q8_0)
            add(f"blk.{i}.attn_output.weight", attention.o_proj.weight, Type.F16)
            add(f"blk.{i}.ffn_gate.weight", mlp.gate_proj.weight, Type.Q4_0)
            add(f"blk.{i}.ffn_up.weight", mlp.up_proj.weight, Type.Q5_1)
            add(f"blk.{i}.ffn_down.weight", mlp.down_proj.weight, Type.BF16)
        ids = [len(tokens) - 2] + list(range(5, 205, 2))
        logits = model(torch.tensor([ids])).logits[0, [0, 1, 40, 100]].numpy()
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return {"ids": ids, "positions": [0, 1, 40, 100],
            "logits": [[round(float(x), 6) for x in row] for row in logits]}


def main():
    blocks()
    tokens, merges, cases = pre_tokenizer_cases()
    json.dump({"llama3": llama(tokens, merges),
               "texts": TEXTS, "pre": cases,
               "sentencePiece": sentence_piece()},
              open("expected.json", "w"), ensure_ascii=False, indent=None)


if __name__ == "__main__":
    main()
