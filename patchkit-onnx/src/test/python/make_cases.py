#!/usr/bin/env python3
"""Makes conformance cases: tiny random decoders, exported to ONNX, with expected values from torch.

A case is a folder; its expected.json follows schema 1 (see the README of the conformance cases):

  <family>/          optimum export, the PEFT adapters, prefix_kv.safetensors, expected.json
  <family>-gqa/      the same weights by the onnxruntime-genai builder, fp32, GroupQueryAttention
  <family>-int4/     the builder's int4 (block 32, symmetric, accuracy level 4)
  <family>-gqafull/  only for families with a sliding window: the builder's fp32 graph with
                     windowed_kv_cache=false (full-length key/value cache in every layer)

Two Python environments are needed, because optimum-onnx wants transformers 4 and the
onnxruntime-genai builder wants transformers 5 (Python 3.11):

  A, which runs this script:
    pip install torch==2.15.0 transformers==4.57.6 peft==0.21.2 optimum==2.1.0 \
        optimum-onnx==0.1.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 \
        accelerate==1.15.0 numpy==2.4.6 safetensors==0.8.0
  B, given by --builder-python:
    pip install torch==2.15.0 transformers==5.23.0 tokenizers==0.23.3 peft==0.21.2 \
        onnxruntime-genai==0.18.0 onnxruntime==1.32.0 onnx==1.23.2 onnx-ir==1.1.0

The project's own small set is made by

    python make_cases.py --small --builder-python B/bin/python \
        --inputs DIR/llama --out NEW_DIR

where DIR/llama is any existing case: tokenizer, prompts, training rows, loss weights, teacher
distributions and DPO triples are taken from it, word for word, and do not depend on the family.
Weights and adapters are drawn from a seed. --small reduces the sizes, keeps two prompts, writes
compact JSON (seven significant digits, logits with five decimals), shortens the names of inner
tensors in the optimum export, keeps fewer of the int4 graph's additional values and leaves the torch
checkpoint out. int4 `values` depend on the processor; everything else is
reproducible to fp32 rounding on one set of versions.

Every case is checked before it is moved into place: ONNX Runtime, fed with the expected prefix
key/values, must give torch's logits within --tolerance (the measured figure is in `verify`).
"""
import argparse
import copy
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import onnx
import onnxruntime as ort
import peft
import torch
import torch.nn.functional as F
import transformers
from onnx import numpy_helper
from safetensors.numpy import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache

torch.set_num_threads(1)
transformers.logging.set_verbosity_error()

TOKENIZER_FILES = ["chat_template.jinja", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"]
PATCHES = {"none": [], "a": ["a"], "b": ["b"], "a+b": ["a", "b"], "b+a": ["b", "a"]}
NEW_TOKENS = 24
MIN_GREEDY_GAP = 4e-3  # a seed is accepted when no greedy step of the torch model is closer than this


# ------------------------------------------------------------------------------------ families

ALL = ("", "-gqa", "-int4")  # the folders' suffixes: optimum, builder fp32, builder int4
WINDOWED = ALL + ("-gqafull",)
OPTIMUM = ("",)

# onnxruntime-genai 0.18 stops at gemma3 under transformers 5 (KeyError 'rope_type': the rope parameters
# are nested by layer type there). This gives it the flat form that it reads, and starts it.
GEMMA3_BUILDER = """
import runpy, sys
import onnxruntime_genai.models.builder
gemma = sys.modules["builders.gemma"]
original = gemma.Gemma3Model.make_config_init
def make_config_init(self, config):
    nested = config.rope_parameters
    config.__dict__["rope_local_base_freq"] = nested["sliding_attention"]["rope_theta"]
    config.__dict__["rope_parameters"] = dict(nested["full_attention"])
    original(self, config)
gemma.Gemma3Model.make_config_init = make_config_init
runpy.run_module("onnxruntime_genai.models.builder", run_name="__main__")
"""


@dataclasses.dataclass
class Family:
    type: str                       # transformers' model_type
    config: dict                    # its configuration
    std: dict                       # standard deviations of the weights (norms: their means)
    layouts: tuple = ALL
    attention: str | None = None    # attention implementation that optimum exports
    prefix_tuning: bool = False     # a prefix-tuning adapter, too
    tf5: bool = False               # expected-tf5.json, too
    builder_config: dict = dataclasses.field(default_factory=dict)  # goes into the builder's config.json
    builder_start: str | None = None  # Python that starts the builder


def families(small):
    hidden, inter, head_dim, positions = (32, 64, 16, 128) if small else (64, 128, 16, 512)
    layers = 2 if small else 3
    ids = {"vocab_size": 384, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    base = {**ids, "hidden_size": hidden, "intermediate_size": inter, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "max_position_embeddings": positions}
    dense = {"weight": 0.16 * (64 / hidden) ** 0.5, "embedding": 0.14, "norm": 1.0, "final_norm": 2.0}
    # gemma's norms scale by 1 + weight, and its embeddings by the root of the hidden size
    gemma_std = {"weight": 0.2 * (64 / hidden) ** 0.5, "embedding": 0.05, "norm": 0.0, "final_norm": 4.0}
    gemma = {**base, "hidden_activation": "gelu_pytorch_tanh", "head_dim": 2 * head_dim}
    return {
        "llama": Family("llama", {
            **base, "num_hidden_layers": layers, "head_dim": head_dim, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
            "tie_word_embeddings": True}, dense, prefix_tuning=True),
        "gpt2": Family("gpt2", {
            **ids, "n_embd": 32 if small else 48, "n_inner": 48 if small else None, "n_layer": layers, "n_head": 4,
            "n_positions": positions, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}, dense, OPTIMUM),
        "gemma": Family("gemma", {
            **gemma, "num_key_value_heads": 1,
            **({"num_attention_heads": 2, "intermediate_size": 48, "head_dim": 16} if small else {})},
            gemma_std, OPTIMUM if small else ALL, tf5=True),
        "qwen2": Family("qwen2", {
            **base, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "tie_word_embeddings": True}, dense),
        # num_attention_heads * head_dim differs from the hidden size, as in the published models
        "qwen3": Family("qwen3", {
            **base, "head_dim": 2 * head_dim, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
            "tie_word_embeddings": True}, dense),
        # without layer_types in its config.json the builder exports full attention, silently
        "mistral": Family("mistral", {
            **base, "num_hidden_layers": 3, "head_dim": head_dim, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "sliding_window": 24, "tie_word_embeddings": False}, dense, WINDOWED,
            builder_config={"layer_types": ["sliding_attention"] * 3}),
        "mistral_nowindow": Family("mistral", {
            **base, "head_dim": head_dim, "rms_norm_eps": 1e-5, "rope_theta": 1000000.0, "sliding_window": None,
            "tie_word_embeddings": False}, dense),
        "llama3rope": Family("llama", {
            **base, "num_hidden_layers": layers, "head_dim": head_dim, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "tie_word_embeddings": True, "rope_scaling": {
                "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64}}, dense),
        # eager: optimum's default attention drops the soft cap
        "gemma2": Family("gemma2", {
            **gemma, "num_hidden_layers": 3, "query_pre_attn_scalar": 24, "sliding_window": 16,
            "attn_logit_softcapping": 5.0, "final_logit_softcapping": 6.0},
            gemma_std, WINDOWED, attention="eager", tf5=True),
        "gemma3": Family("gemma3_text", {
            **gemma, "num_hidden_layers": 3, "query_pre_attn_scalar": 24, "sliding_window": 16,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
            "rope_theta": 1000000.0, "rope_local_base_freq": 10000.0},
            gemma_std, WINDOWED, tf5=True, builder_start=GEMMA3_BUILDER),
        # two heads: the fused rotary embedding wants half the rotated size to be a multiple of 8; epsilon:
        # the builder writes 1e-6 into every LayerNormalization, whatever layer_norm_eps says
        "phi": Family("phi", {
            **base, "num_attention_heads": 2, "partial_rotary_factor": 0.5, "layer_norm_eps": 1e-6,
            "hidden_act": "gelu_new", "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attention_dropout": 0.0,
            "tie_word_embeddings": False}, dense),
    }


SMALL_SET = ["llama", "gpt2", "gemma"]
EXTRA_SET = ["mistral", "qwen3", "llama3rope", "mistral_nowindow", "phi", "gemma2", "gemma3"]


def random_model(family, seed):
    """A model of the family with weights drawn from the seed: wide enough that prompts matter."""
    config = AutoConfig.for_model(family.type, **family.config)
    config._attn_implementation = "eager"
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32).eval()
    std, generator = family.std, torch.Generator().manual_seed(seed)

    def draw(shape, mean, deviation):
        return mean + deviation * torch.randn(shape, generator=generator)

    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            module = name.rsplit(".", 2)[-2]
            if name.endswith("bias"):
                parameter.copy_(draw(parameter.shape, 0.0, 0.1))
            elif parameter.dim() == 1:
                final = module in ("norm", "ln_f", "final_layernorm", "final_layer_norm")
                parameter.copy_(draw(parameter.shape, std["final_norm" if final else "norm"], 0.1))
            else:
                embedding = module in ("embed_tokens", "wte", "wpe", "embed_in")
                parameter.copy_(draw(parameter.shape, 0.0, std["embedding" if embedding else "weight"]))
    model.requires_grad_(False)
    return model


# ---------------------------------------------------------------------------------- torch oracle

def cache_tensors(cache):
    """[(key, value)] of a transformers cache, one pair a layer."""
    return [(layer.keys, layer.values) for layer in cache.layers]


class Oracle:
    """A torch model with prefixes, always evaluated without padding and without reusing a cache."""

    def __init__(self, model, adapters, prefix_tuning=None):
        self.model = model
        self.adapters = adapters  # name -> [P, hidden], as PEFT stores it
        self.prefix_tuning = prefix_tuning  # [P, 2 * layers * kv_heads * head_dim] or None
        config = model.config
        self.heads = config.num_attention_heads
        self.kv_heads = getattr(config, "num_key_value_heads", None) or self.heads
        self.head_dim = getattr(config, "head_dim", None) or config.hidden_size // self.heads
        self.layers = config.num_hidden_layers

    def scales(self):
        """(scale of the embedding module, scale that forward applies to inputs_embeds)"""
        embedding, ids = self.model.get_input_embeddings(), torch.tensor([[5, 6, 7]])
        raw = embedding.weight[ids]
        embedded = embedding(ids)
        seen = []
        hook = first_layer(self.model).register_forward_pre_hook(
            lambda module, args, kwargs: seen.append(args[0] if args else kwargs["hidden_states"]), with_kwargs=True)
        position = getattr(getattr(self.model, "transformer", None), "wpe", None)
        self.model(inputs_embeds=embedded, use_cache=False)
        hook.remove()
        hidden = seen[0] - (position.weight[:3] if position is not None else 0)
        return self.scale(embedded, raw), self.scale(hidden, embedded)

    def scale(self, a, b):
        """The factor between two tensors: 1 or the root of the hidden size, as float32."""
        factor = float((a * b).sum() / (b * b).sum())
        return min((1.0, float(np.float32(self.model.config.hidden_size ** 0.5))), key=lambda x: abs(x - factor))

    def prefix(self, names):
        return torch.cat([self.adapters[n] for n in names]) if names else None

    def logits(self, ids, prefix=None):
        """Logits at every position of ids, after a prefix of embeddings or of key/values."""
        ids = torch.as_tensor(ids)[None]
        if isinstance(prefix, list):
            cache = DynamicCache()
            for i, (key, value) in enumerate(prefix):
                cache.update(key.clone(), value.clone(), i)
            length = prefix[0][0].shape[2]
            positions = torch.arange(length, length + ids.shape[1])[None]
            return self.model(input_ids=ids, past_key_values=cache, position_ids=positions,
                              attention_mask=torch.ones(1, length + ids.shape[1], dtype=torch.long)).logits[0]
        embeds = self.model.get_input_embeddings()(ids)
        length = 0 if prefix is None else len(prefix)
        if length:
            embeds = torch.cat([prefix[None].to(embeds.dtype), embeds], 1)
        return self.model(inputs_embeds=embeds, use_cache=False).logits[0, length:]

    def patch(self, name):
        """What logits() takes as the prefix of a patch."""
        return self.prefix_tuning_kv() if name == "prefix" else self.prefix(PATCHES[name])

    def prefix_tuning_kv(self):
        table = self.prefix_tuning
        view = table.view(len(table), 2 * self.layers, self.kv_heads, self.head_dim).permute(1, 2, 0, 3)
        return [(view[2 * i][None], view[2 * i + 1][None]) for i in range(self.layers)]

    def prefix_kv(self, name, start=0):
        """Key/values of a patch as numpy, computed for positions start .. start + P - 1."""
        prefix = self.patch(name)
        if prefix is None:
            return None
        if not isinstance(prefix, list):
            positions = torch.arange(start, start + len(prefix))[None]
            cache = self.model(inputs_embeds=prefix[None], position_ids=positions, use_cache=True).past_key_values
            prefix = cache_tensors(cache)
            assert all(key.shape[2] == positions.shape[1] for key, _ in prefix), "cache was cropped to the window"
        return [(key.detach().numpy(), value.detach().numpy()) for key, value in prefix]

    @torch.no_grad()
    def values(self, name, prompt):
        prefix = self.patch(name)
        ids, continuation = prompt["input_ids"], prompt["continuation_ids"]
        logits = self.logits(ids + continuation, prefix)
        tokens, gap = [], float("inf")
        for _ in range(NEW_TOKENS):
            last = self.logits(ids + tokens, prefix)[-1]
            top = last.topk(2).values
            gap = min(gap, float(top[0] - top[1]))
            tokens.append(int(last.argmax()))
        return value_entry(self.logits(ids, prefix)[-1].numpy(), logits[len(ids) - 1:-1].numpy(),
                           continuation, tokens, gap)


def first_layer(model):
    body = getattr(model, "model", None) or getattr(model, "transformer", None) or model.gpt_neox
    return (body.layers if hasattr(body, "layers") else body.h)[0]


def log_softmax(x):
    x = x.astype(np.float64)
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def value_entry(last, teacher_forced, continuation, tokens, gap):
    each = log_softmax(teacher_forced)[np.arange(len(continuation)), continuation]
    return {"last_logits": Logits(last.tolist()), "argmax": int(last.argmax()),
            "continuation_logprob": float(each.sum()), "continuation_token_logprobs": each.tolist(),
            "greedy_ids": tokens, "greedy_min_gap": digits(gap, 4)}


# --------------------------------------------------------------------------------------- training

class Training:
    """Losses, gradients and curves of the soft prompt `a`; rows are never padded."""

    STEPS, LR, BETA = 30, 1e-2, 0.1

    def __init__(self, oracle, inputs):
        self.oracle = oracle
        self.inputs = inputs
        self.start = oracle.adapters["a"]
        self.double = copy.copy(oracle)
        self.double.model = copy.deepcopy(oracle.model).double()

    def row_log_probs(self, oracle, prefix, row):
        """log p of every next token of prompt + completion, [T - 1, vocabulary]"""
        ids = row["prompt_ids"] + row["completion_ids"]
        first = oracle.logits(ids, prefix)
        return ids, F.log_softmax(first, -1)

    def weighted(self, oracle, prefix, weights):
        """Σ w[t] · −log p(token t) / Σ w"""
        total, mass = 0.0, 0.0
        for row, w in zip(self.inputs["rows"], weights):
            ids, log_probs = self.row_log_probs(oracle, prefix, row)
            w = torch.tensor(w, dtype=log_probs.dtype)
            assert w[0] == 0
            taken = log_probs[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
            total = total - (w[1:] * taken).sum()
            mass += float(w.sum())
        return total / mass

    def distilled(self, oracle, prefix):
        """Mean over completion positions of KL or cross-entropy against the teacher's top tokens."""
        total, count = 0.0, 0
        for row, teacher in zip(self.inputs["rows"], self.inputs["kl"]["teacher"]):
            _, log_probs = self.row_log_probs(oracle, prefix, row)
            begin = len(row["prompt_ids"]) - 1
            for k, (ids, probs) in enumerate(zip(teacher["ids"], teacher["probs"])):
                total = total - (torch.tensor(probs, dtype=log_probs.dtype) * log_probs[begin + k][ids]).sum()
                count += 1
        return total / count

    def sequence(self, oracle, prefix, prompt, answer):
        ids = prompt + answer
        log_probs = F.log_softmax(oracle.logits(ids, prefix), -1)
        begin = len(prompt) - 1
        return log_probs[torch.arange(begin, len(ids) - 1), torch.tensor(answer)].sum()

    def with_gradient(self, loss, oracle, start=None):
        dtype = next(oracle.model.parameters()).dtype
        prefix = (self.start if start is None else start).detach().to(dtype).clone().requires_grad_()
        value = loss(oracle, prefix)
        value.backward()
        return float(value.detach()), prefix.grad

    def entry(self, loss):
        value, gradient = self.with_gradient(loss, self.oracle)
        double_value, double_gradient = self.with_gradient(loss, self.double)
        return {"loss": value, "grad": gradient.tolist(), "grad_norm": float(gradient.norm()),
                "loss_f64": Exact(double_value),
                "grad_max_abs_diff_f64": digits(float((gradient - double_gradient).abs().max()), 3)}

    def optimise(self, oracle, step):
        """Runs AdamW; step(prefix) returns (loss, record); gives the records and the prefixes."""
        dtype = next(oracle.model.parameters()).dtype
        prefix = self.start.detach().to(dtype).clone().requires_grad_()
        optimizer = torch.optim.AdamW([prefix], lr=self.LR, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
        records, gradients, prefixes = [], [], []
        for _ in range(self.STEPS):
            optimizer.zero_grad()
            loss, record = step(oracle, prefix)
            loss.backward()
            records.append(record)
            gradients.append(prefix.grad.clone())
            prefixes.append(prefix.detach().clone())
            optimizer.step()
        with torch.no_grad():
            records.append(step(oracle, prefix)[1])
        prefixes.append(prefix.detach().clone())
        return records, gradients, prefixes

    def hyper_parameters(self):
        return {"optimizer": "AdamW", "lr": self.LR, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0,
                "steps": self.STEPS}

    def sft_curve(self, weights):
        def step(oracle, prefix):
            loss = self.weighted(oracle, prefix, weights)
            return loss, float(loss.detach())
        losses, _, prefixes = self.optimise(self.oracle, step)
        losses64, _, prefixes64 = self.optimise(self.double, step)
        final = prefixes[-1]
        return {**self.hyper_parameters(), "start": "a", "loss": losses[:-1], "final_loss": Exact(losses[-1]),
                "final_prefix_norm": float(final.norm()), "start_prefix_norm": float(self.start.norm()),
                "final_prefix": final.tolist(),
                "loss_max_abs_diff_f64": digits(max_diff(losses, losses64), 3),
                "final_prefix_max_abs_diff_f64": digits(max_diff(final, prefixes64[-1]), 3)}

    def dpo(self):
        triples = self.inputs["dpo"]["triples"]

        def pairs(oracle, prefix):
            return [(self.sequence(oracle, prefix, t["prompt_ids"], t["chosen_ids"]),
                     self.sequence(oracle, prefix, t["prompt_ids"], t["rejected_ids"])) for t in triples]

        def run(oracle):
            dtype = next(oracle.model.parameters()).dtype
            with torch.no_grad():
                reference = pairs(oracle, self.start.to(dtype))

            def step(oracle, prefix):
                margins = torch.stack([self.BETA * ((c - rc) - (r - rr))
                                       for (c, r), (rc, rr) in zip(pairs(oracle, prefix), reference)])
                loss = -F.logsigmoid(margins).mean()
                return loss, (float(loss.detach()), margins.detach().tolist())
            return (*self.optimise(oracle, step), reference)

        records, gradients, prefixes, reference = run(self.oracle)
        records64, _, _, _ = run(self.double)
        margins = [m for _, m in records]
        mean = [float(np.mean(m)) for m in margins]
        return {**self.hyper_parameters(), "beta": self.BETA, "start": "a", "reference": "a", "triples": triples,
                "loss": [loss for loss, _ in records[:-1]], "reward_margin": mean[:-1],
                "margins_per_triple": margins[:-1],
                "accuracy": [float(np.mean([x > 0 for x in m])) for m in margins[:-1]],
                "final_loss": Exact(records[-1][0]), "final_margin": Exact(mean[-1]),
                "ref_chosen_logp": [float(c) for c, _ in reference],
                "ref_rejected_logp": [float(r) for _, r in reference],
                "final_prefix_norm": float(prefixes[-1].norm()), "final_prefix": prefixes[-1].tolist(),
                "grad_step0": gradients[0].tolist(), "prefix_step1": prefixes[1].tolist(),
                "grad_step1": gradients[1].tolist(),
                "loss_max_abs_diff_f64": digits(max_diff([r[0] for r in records], [r[0] for r in records64]), 3),
                "margin_max_abs_diff_f64": digits(max_diff(margins, [m for _, m in records64]), 3)}

    def peft_batch(self, peft_model, gradient):
        """The same SFT loss through PEFT's own forward, one right-padded batch."""
        rows = [(r["prompt_ids"], r["completion_ids"]) for r in self.inputs["rows"]]
        width = max(len(p) + len(c) for p, c in rows)
        pad = lambda x, fill: x + [fill] * (width - len(x))
        peft_model.zero_grad()
        table = peft_model.prompt_encoder["default"].embedding.weight
        table.requires_grad_(True)
        loss = peft_model(input_ids=torch.tensor([pad(p + c, 0) for p, c in rows]),
                          attention_mask=torch.tensor([pad([1] * len(p + c), 0) for p, c in rows]),
                          labels=torch.tensor([pad([-100] * len(p) + c, -100) for p, c in rows])).loss
        loss.backward()
        return {"peft_padded_batch_loss": float(loss.detach()),
                "peft_padded_batch_grad_max_abs_diff": digits(max_diff(table.grad, torch.tensor(gradient)), 3)}

    def section(self, peft_model=None):
        sft_weights = [[0.0] * len(r["prompt_ids"]) + [1.0] * len(r["completion_ids"]) for r in self.inputs["rows"]]
        other = self.inputs["sft_weighted"]["weights"]
        sft = self.entry(lambda oracle, prefix: self.weighted(oracle, prefix, sft_weights))
        if peft_model is not None:
            sft.update(self.peft_batch(peft_model, sft["grad"]))
        return {"patch": "a", "rows": self.inputs["rows"],
                "sft": {"weights": sft_weights, **sft},
                "sft_weighted": {"weights": other,
                                 **self.entry(lambda oracle, prefix: self.weighted(oracle, prefix, other))},
                "kl": {"teacher": self.inputs["kl"]["teacher"], **self.entry(self.distilled)},
                "sft_curve": self.sft_curve(sft_weights), "dpo": self.dpo()}


# ------------------------------------------------------------------------------------ numbers, JSON

class Exact(float):
    """A float that is written with all its digits."""


class Logits(list):
    """Written with five decimals in the small set."""


def digits(x, n):
    return float(f"{x:.{n}g}") if np.isfinite(x) and x else (0 if x == 0 else x)


def max_diff(a, b):
    return float(np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)).max())


def rounded(x, n):
    if isinstance(x, Exact):
        return float(x)
    if isinstance(x, float):
        return float(f"{x:.{n}g}")
    if isinstance(x, dict):
        return {k: rounded(v, n) for k, v in x.items()}
    if isinstance(x, Logits) and n < 9:
        return [round(v, 5) for v in x]
    if isinstance(x, (list, tuple)):
        return [rounded(v, n) for v in x]
    return x


def write_json(path, value, small):
    separators = (",", ":") if small else (", ", ": ")
    path.write_text(json.dumps(rounded(value, 7 if small else 9), ensure_ascii=False, separators=separators) + "\n",
                    encoding="utf-8")


# ------------------------------------------------------------------------------- ONNX Runtime side

class Graph:
    """An exported decoder, run with ONNX Runtime; binds by name.

    A state is {past input: array, "length": [tokens so far, a row]}. In layers whose
    GroupQueryAttention has sliding_window_cache = 1 the arrays are buffers of `capacity` rows, of
    which the first min(length, capacity) are in use; in all others they hold exactly the past.
    """

    def __init__(self, path, kv_heads, head_dim, accuracy_level=None, optimise=True, capacity=512):
        self.proto = onnx.load(str(path), load_external_data=False)
        self.nodes = self.proto.graph.node
        self.kv_heads, self.head_dim, self.capacity = kv_heads, head_dim, capacity
        self.local, self.windowed = {}, set()
        for node in self.nodes:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "GroupQueryAttention" and attributes.get("local_window_size", -1) > 0:
                self.local[int(node.input[3].split(".")[1])] = attributes["local_window_size"]
                if attributes.get("sliding_window_cache", 0):
                    self.windowed.update(node.input[3:5])
            if node.op_type == "MatMulNBits" and accuracy_level is not None:
                next(a for a in node.attribute if a.name == "accuracy_level").i = accuracy_level
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        if not optimise:
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.add_session_config_entry("session.model_external_initializers_file_folder_path",
                                         str(Path(path).parent.resolve()))
        self.session = ort.InferenceSession(self.proto.SerializeToString(), options,
                                            providers=["CPUExecutionProvider"])
        self.inputs = [i.name for i in self.session.get_inputs()]
        self.outputs = [o.name for o in self.session.get_outputs()]
        self.past = [n for n in self.inputs if n.startswith("past_key_values.")]

    def state(self, kv=None):
        """The state after a prefix of key/values [(key, value)], or the empty one."""
        state = {"length": [0 if kv is None else kv[0][0].shape[2]]}
        empty = np.zeros((1, self.kv_heads, 0, self.head_dim), np.float32)
        for name in self.past:
            _, layer, part = name.split(".")
            array = empty if kv is None else kv[int(layer)][0 if part == "key" else 1]
            if name in self.windowed:
                assert array.shape[2] <= self.capacity
                array = padded(array, self.capacity, left=False)
            state[name] = np.ascontiguousarray(array, np.float32)
        return state

    def run(self, ids, state, mask=None, positions=None):
        """One call: ids [B, S], or embeddings [B, S, H]; returns the logits and the next state."""
        ids = np.asarray(ids)
        batch, steps = ids.shape[:2]
        feed = {n: state[n] for n in self.past}
        feed["inputs_embeds" if ids.ndim == 3 else "input_ids"] = ids.astype(np.float32 if ids.ndim == 3 else np.int64)
        if mask is None:
            mask = np.ones((batch, max(state["length"]) + steps))
        feed["attention_mask"] = mask.astype(np.int64)
        if "position_ids" in self.inputs:
            if positions is None:
                positions = np.array(state["length"])[:, None] + np.arange(steps)
            feed["position_ids"] = np.broadcast_to(positions, (batch, steps)).astype(np.int64)
        results = dict(zip(self.outputs, self.session.run(None, feed)))
        following = {n: results[n.replace("past_key_values", "present")] for n in self.past}
        following["length"] = [n + steps for n in state["length"]]
        return results["logits"], following

    def prefix_kv(self, embeds):
        """Key/values of embeddings [P, H], computed by an exclude_embeds graph."""
        _, state = self.run(embeds[None], self.state())
        layers = 1 + max(int(n.split(".")[1]) for n in self.past)
        return [tuple(state[f"past_key_values.{i}.{part}"][:, :, :len(embeds)] for part in ("key", "value"))
                for i in range(layers)]

    def values(self, prompt, kv, token_by_token=False):
        ids, continuation = prompt["input_ids"], prompt["continuation_ids"]
        forced, _ = self.run([ids + continuation], self.state(kv))
        state = self.state(kv)
        for chunk in [[t] for t in ids] if token_by_token else [ids]:
            logits, state = self.run([chunk], state)
        first = last = logits[0, -1]
        tokens, gap = [], float("inf")
        for _ in range(NEW_TOKENS):
            top = np.sort(last)[-2:]
            gap = min(gap, float(top[1] - top[0]))
            tokens.append(int(last.argmax()))
            logits, state = self.run([[tokens[-1]]], state)
            last = logits[0, -1]
        return value_entry(first, forced[0, len(ids) - 1:-1], continuation, tokens, gap)

    def layout(self):
        def describe(value):
            t = value.type.tensor_type
            return {"name": value.name, "dtype": onnx.TensorProto.DataType.Name(t.elem_type),
                    "dims": [d.dim_param if d.HasField("dim_param") else d.dim_value for d in t.shape.dim]}

        used = {n.domain or "ai.onnx" for n in self.nodes}
        opsets = {o.domain or "ai.onnx": o.version for o in self.proto.opset_import}
        layout = {"ir_version": self.proto.ir_version, "opsets": {d: v for d, v in opsets.items() if d in used},
                  "inputs": [describe(i) for i in self.proto.graph.input],
                  "outputs": [describe(o) for o in self.proto.graph.output], "embedding": self.embedding()}
        if self.local:
            layout["local_window_size"] = {str(i): w for i, w in sorted(self.local.items())}
            layout["sliding_window_cache_layers"] = sorted({int(n.split(".")[1]) for n in self.windowed})
        return layout

    def embedding(self):
        derived = {"input_ids"}
        for node in self.nodes:
            if node.op_type in ("Gather", "GatherBlockQuantized") and node.input[1] in derived:
                output = node.output[0]
                return {"op": node.op_type, "table": node.input[0], "output": output,
                        "consumers": [n.op_type for n in self.nodes for i in n.input if i == output]}
            if node.op_type in ("Reshape", "Cast", "Identity") and node.input[0] in derived:
                derived.add(node.output[0])
        return None


def padded(array, length, left, axis=2):
    missing = length - array.shape[axis]
    width = [(0, 0)] * array.ndim
    width[axis] = (missing, 0) if left else (0, missing)
    return np.pad(array, width)


def compare_all(values, names, prompts, run):
    """(difference of last logits, of the continuation's log-probability, equal greedy rows) over all values;
    run(name, prompt) gives the entry to compare with values[name][prompt]."""
    logits = logprob = 0.0
    equal = total = 0
    for name in names:
        for expected, prompt in zip(values[name], prompts):
            actual = run(name, prompt)
            logits = max(logits, max_diff(expected["last_logits"], actual["last_logits"]))
            logprob = max(logprob, abs(expected["continuation_logprob"] - actual["continuation_logprob"]))
            equal += expected["greedy_ids"] == actual["greedy_ids"]
            total += 1
    return digits(logits, 3), digits(logprob, 3), f"{equal}/{total}"


def batch_report(graph, rows, prompts, values, kv_of, shifted_kv=None):
    """Runs a mixed batch in several ways and says how far each is from the single rows: which of them
    a layout allows differs. An error message is a finding, too."""
    expected = [values[r["patch"]][r["prompt"]] for r in rows]
    ids = [prompts[r["prompt"]]["input_ids"] for r in rows]
    singles = [graph.state(kv_of(r["patch"])) for r in rows]
    lengths = [s["length"][0] for s in singles]
    most, longest = max(lengths), max(map(len, ids))

    def stack(states, width, left):
        merged = {n: np.concatenate([s[n] if n in graph.windowed else padded(s[n], width, left) for s in states])
                  for n in graph.past}
        merged["length"] = [s["length"][0] for s in states]
        return merged

    def decode(last, state, mask_of, positions):
        tokens = [[] for _ in rows]
        for step in range(NEW_TOKENS):
            chosen = last.argmax(-1)
            for row, token in zip(tokens, chosen):
                row.append(int(token))
            logits, state = graph.run(chosen[:, None], state, mask_of(step), positions[:, None] + step)
            last = logits[:, -1]
        return sum(t == e["greedy_ids"] for t, e in zip(tokens, expected))

    def growing(mask):
        return lambda step: np.concatenate([mask, np.ones((len(rows), step + 1), np.int64)], 1)

    def report(last, greedy_rows):
        return {"last_logits_max_abs_diff":
                None if last is None else digits(max(max_diff(e["last_logits"], x) for e, x in zip(expected, last)), 3),
                "greedy_rows_equal": greedy_rows}

    def left_padded_prompts(states, prefix_at_the_end):
        block = np.stack([padded(np.array(x), longest, True, 0) for x in ids])
        mask = np.zeros((len(rows), most + longest), np.int64)
        positions = np.zeros((len(rows), longest), np.int64)
        for r, (p, x) in enumerate(zip(lengths, ids)):
            mask[r, most - p:most] = prefix_at_the_end
            mask[r, :p] |= not prefix_at_the_end
            mask[r, most + longest - len(x):] = 1
            positions[r, longest - len(x):] = p + np.arange(len(x))
        logits, state = graph.run(block, stack(states, most, prefix_at_the_end), mask, positions)
        following = np.array([p + len(x) for p, x in zip(lengths, ids)])
        return report(logits[:, -1], decode(logits[:, -1], state, growing(mask), following))

    def right_padded_prompts():
        block = np.stack([padded(np.array(x), longest, False, 0) for x in ids])
        mask = np.zeros((len(rows), most + longest), np.int64)
        for r, (p, x) in enumerate(zip(lengths, ids)):
            mask[r, most - p:most + len(x)] = 1
        positions = np.array(lengths)[:, None] + np.arange(longest)
        logits, _ = graph.run(block, stack(singles, most, True), mask, positions)
        return report([logits[r, len(x) - 1] for r, x in enumerate(ids)], None)

    def row_prefill(left):
        done = [graph.run([x], s) for x, s in zip(ids, singles)]
        last = np.stack([logits[0, -1] for logits, _ in done])
        totals = np.array([s["length"][0] for _, s in done])
        width = int(totals.max())
        state = stack([s for _, s in done], width, left)
        if left:
            mask_of = growing((np.arange(width) >= width - totals[:, None]).astype(np.int64))
        else:
            mask_of = lambda step: (np.arange(width + step + 1) <= totals[:, None] + step).astype(np.int64)
        return report(None, decode(last, state, mask_of, totals))

    strategies = {
        "left_padded_prefill_mask_hole": lambda: left_padded_prompts(singles, False),
        "prefix_left_padded_prompt_right_padded_prefill": right_padded_prompts,
        "row_prefill_then_batched_decode_left_padded": lambda: row_prefill(True),
        "row_prefill_then_batched_decode_right_padded": lambda: row_prefill(False)}
    if shifted_kv is not None:
        strategies["left_padded_prefill_rerotated_prefix"] = lambda: {**left_padded_prompts(
            [graph.state(shifted_kv(r["patch"], most + longest - len(x) - p)) for r, x, p in zip(rows, ids, lengths)],
            True), "note": "prefix keys rotated for positions (Pmax+n)-len-P .. so that they are adjacent to the "
                           "left-padded prompt"}
    result = {}
    for name, strategy in strategies.items():
        try:
            result[name] = strategy()
        except Exception as error:
            result[name] = {"error": str(error)[:160]}
    return result


# ------------------------------------------------------------------------------ exports and weights

def export_optimum(model_dir, target, attention, strip):
    from optimum.exporters.onnx import onnx_export_from_model
    model = AutoModelForCausalLM.from_pretrained(model_dir, attn_implementation=attention, dtype=torch.float32)
    with tempfile.TemporaryDirectory() as folder:
        onnx_export_from_model(model=model, output=Path(folder), task="text-generation-with-past", do_validation=False)
        proto = onnx.load(str(Path(folder) / "model.onnx"))
    if strip:
        shorten(proto)
    onnx.save(proto, str(target / "model.onnx"))


def shorten(proto):
    """Drops annotations and gives inner tensors short names: a third of a tiny model's file are names."""
    graph = proto.graph
    del graph.value_info[:]
    del proto.metadata_props[:]
    keep = {v.name for v in (*graph.input, *graph.output, *graph.initializer)} | {""}
    for node in graph.node:
        if node.op_type == "Gather" and "Gather_output_0" in node.output[0] and node.input[0] in keep:
            keep.add(node.output[0])  # the embedding lookup keeps its name
    names = {}

    def short(name):
        return name if name in keep else names.setdefault(name, f"t{len(names)}")

    for node in graph.node:
        assert not any(a.type == onnx.AttributeProto.GRAPH for a in node.attribute)
        node.name = node.doc_string = ""
        del node.metadata_props[:]
        node.input[:] = [short(n) for n in node.input]
        node.output[:] = [short(n) for n in node.output]


def run_builder(args, start, model_dir, target, precision, *options):
    with tempfile.TemporaryDirectory() as cache:
        command = [args.builder_python, *start, "-m", "none", "-i", str(model_dir),
                   "-o", str(target), "-p", precision, "-e", "cpu", "-c", cache]
        if options:
            command += ["--extra_options", *options]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError("builder: " + (done.stderr.strip() or done.stdout.strip())[-600:])


def initializers(path):
    return {i.name: numpy_helper.to_array(i, str(path.parent))
            for i in onnx.load(str(path)).graph.initializer}


def dequantised(path):
    """{weight name: float [N, K]} of all MatMulNBits of a graph."""
    tensors, result = initializers(path), {}
    for node in onnx.load(str(path), load_external_data=False).graph.node:
        if node.op_type != "MatMulNBits":
            continue
        a = {x.name: onnx.helper.get_attribute_value(x) for x in node.attribute}
        assert a["bits"] == 4 and len([i for i in node.input if i]) == 3, "expected symmetric int4"
        packed, scales = tensors[node.input[1]], tensors[node.input[2]]
        nibbles = np.stack([packed & 15, packed >> 4], -1).reshape(a["N"], -1, a["block_size"]).astype(np.float32)
        weight = (nibbles - 8) * scales.reshape(a["N"], -1, 1)
        result[node.input[1].removesuffix("_Q4")] = weight.reshape(a["N"], -1)[:, :a["K"]]
    return result


def with_weights(model, weights):
    """A copy of the torch model with the builder's matrices put into its linear layers."""
    model = copy.deepcopy(model)
    modules = dict(model.named_modules())
    for name, weight in weights.items():
        path = name.removesuffix(".MatMul.weight").replace(".attn.", ".self_attn.")
        folder, _, leaf = path.rpartition(".")
        parts = {"qkv_proj": ["q_proj", "k_proj", "v_proj"]}.get(leaf, [leaf])
        if f"{folder}.{parts[0]}" not in modules:
            parts = {"o_proj": ["dense"]}.get(leaf, parts)
        row = 0
        for part in parts:
            target = modules[f"{folder}.{part}" if folder else part].weight
            piece = torch.tensor(weight[row:row + target.shape[0]])
            error = (piece - target).abs().max() / target.abs().max()
            assert piece.shape == target.shape and error < 0.2, f"{name} is not {part}: {float(error)}"
            target.data.copy_(piece)
            row += len(piece)
        assert row == len(weight), name
    if model.config.tie_word_embeddings:
        assert model.lm_head.weight is model.get_input_embeddings().weight
    return model


# ------------------------------------------------------------------------------------------- cases

def save_kv(path, kv_by_patch):
    tensors = {f"{patch}.past_key_values.{i}.{part}": np.ascontiguousarray(array)
               for patch, kv in kv_by_patch.items() for i, pair in enumerate(kv)
               for part, array in zip(("key", "value"), pair)}
    save_file(tensors, str(path), metadata={"format": "pt"})


def save_adapter(model, name, directory, table, prefix_tuning=False):
    """Writes the adapter through PEFT; gives the PEFT model."""
    if prefix_tuning:
        config = peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=len(table),
                                         encoder_hidden_size=32, prefix_projection=False)
    else:
        config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=len(table),
                                         prompt_tuning_init="RANDOM")
    wrapped = peft.get_peft_model(copy.deepcopy(model), config)
    weight = wrapped.prompt_encoder["default"].embedding.weight
    assert weight.shape == table.shape, (weight.shape, table.shape)
    weight.data.copy_(table)
    wrapped.peft_config["default"].base_model_name_or_path = name
    wrapped.save_pretrained(str(directory))
    (directory / "README.md").unlink(missing_ok=True)
    return wrapped.eval()


def load_adapters(case):
    tables = {p.name.removeprefix("peft-"): load_file(str(p / "adapter_model.safetensors"))["prompt_embeddings"]
              for p in sorted(case.glob("peft-*"))}
    return {name: torch.tensor(table) for name, table in tables.items()}


def peft_difference(peft_model, oracle, name, prompts):
    with torch.no_grad():
        return max(max_diff(peft_model(input_ids=torch.tensor([p["input_ids"]])).logits[0, -len(p["input_ids"]):],
                            oracle.logits(p["input_ids"], oracle.patch(name))) for p in prompts)


def smallest_gap(values):
    return min(entry["greedy_min_gap"] for rows in values.values() for entry in rows)


def description(name, seed, oracle, prompts):
    """The part of expected.json that needs no evaluation."""
    embedding, forward = oracle.scales()
    config = oracle.model.config
    return {"schema": 1, "case": name, "oracle": "torch",
            "oracle_detail": "torch+transformers+peft, fp32, CPU, eager attention, 1 thread",
            "versions": {"torch": torch.__version__, "transformers": transformers.__version__,
                         "peft": peft.__version__},
            "seed": seed,
            "model": {"model_type": config.model_type, "hidden_size": config.hidden_size,
                      "num_layers": oracle.layers, "num_heads": oracle.heads, "num_kv_heads": oracle.kv_heads,
                      "head_dim": oracle.head_dim, "vocab_size": config.vocab_size,
                      "max_positions": config.max_position_embeddings, "tied": bool(config.tie_word_embeddings),
                      "embedding_module_scale": embedding, "inputs_embeds_scale_in_forward": forward},
            "adapters": {n: {"dir": f"peft-{n}", "num_virtual_tokens": len(t), "tensor": "prompt_embeddings",
                             "shape": list(t.shape)} for n, t in oracle.adapters.items()},
            "patches": dict(PATCHES), "prompts": prompts}


def all_values(oracle, names, prompts):
    return {name: [oracle.values(name, prompt) for prompt in prompts] for name in names}


class Case:
    """One family: its checkpoint in a work folder, and the layouts made from it."""

    def __init__(self, args, name, inputs, work):
        self.args, self.name, self.inputs, self.work = args, name, inputs, work
        self.family = families(args.small)[name]
        self.folder = work / name
        self.folder.mkdir(parents=True)

    # -- torch

    def make_checkpoint(self):
        prompts = self.inputs["prompts"]
        for seed in range(1, 200):
            model = random_model(self.family, seed)
            oracle = Oracle(model, *self.random_adapters(model, seed))
            values = all_values(oracle, self.patch_names(), prompts)
            if smallest_gap(values) >= MIN_GREEDY_GAP:
                break
        else:
            raise RuntimeError("no seed with clear greedy choices")
        model.generation_config = transformers.GenerationConfig(bos_token_id=1, eos_token_id=[2, 4], pad_token_id=0)
        model.save_pretrained(str(self.folder))
        for file in TOKENIZER_FILES:
            shutil.copyfile(self.args.inputs / file, self.folder / file)
        self.seed, self.model, self.oracle, self.values = seed, model, oracle, values

    def patch_names(self):
        return list(PATCHES) + (["prefix"] if self.family.prefix_tuning else [])

    def random_adapters(self, model, seed):
        generator = torch.Generator().manual_seed(1000 + seed)
        scale = model.get_input_embeddings()(torch.arange(384)).std()
        adapters = {n: scale * torch.randn(p, model.config.hidden_size, generator=generator)
                    for n, p in (("a", 5), ("b", 8))}
        if not self.family.prefix_tuning:
            return adapters, None
        config = model.config
        return adapters, torch.randn(5, 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim,
                                     generator=generator)

    def description(self):
        return description(self.name, self.seed, self.oracle, self.inputs["prompts"])

    def make_torch_part(self):
        """Adapters through PEFT, values, training: expected.json without the graph."""
        expected = self.description()
        directory = lambda n: self.folder / f"peft-{n}"
        wrapped = {n: save_adapter(self.model, self.name, directory(n), t) for n, t in self.oracle.adapters.items()}
        differences = [peft_difference(w, self.oracle, n, self.inputs["prompts"]) for n, w in wrapped.items()]
        if self.oracle.prefix_tuning is not None:
            table = self.oracle.prefix_tuning
            tuned = save_adapter(self.model, self.name, directory("prefix"), table, prefix_tuning=True)
            expected["adapters"]["prefix"] = {
                "dir": "peft-prefix", "peft_type": "PREFIX_TUNING", "num_virtual_tokens": len(table),
                "tensor": "prompt_embeddings", "shape": list(table.shape),
                "layout": "row p = concat over layers l of [key_l (kv_heads*head_dim), value_l (kv_heads*head_dim)], "
                          "kv-head-major: view [P, 2*L, kv_heads, head_dim]; index 2l = key of layer l, 2l+1 = value; "
                          "keys are used as stored (no rotary is applied to them); first real token has position P",
                "manual_layout_max_abs_diff":
                    digits(peft_difference(tuned, self.oracle, "prefix", self.inputs["prompts"]), 3)}
            expected["patches"]["prefix"] = ["prefix"]
        expected["values"] = self.values
        expected["selfcheck"] = {"peft_forward_max_abs_diff": digits(max(differences), 3), "notes": []}
        last = len(self.inputs["prompts"]) - 1
        expected["batch"] = {"rows": [{"prompt": 0, "patch": "none"}, {"prompt": 1, "patch": "a"},
                                      {"prompt": min(2, last), "patch": "b"}],
                             "note": "one padded call; each row must equal the single-row values[patch][prompt]"}
        expected["training"] = Training(self.oracle, self.inputs["training"]).section(wrapped["a"])
        self.kv = {n: self.oracle.prefix_kv(n) for n in self.patch_names() if n != "none"}
        save_kv(self.folder / "prefix_kv.safetensors", self.kv)
        self.expected = expected

    # -- optimum

    def make_optimum(self):
        export_optimum(self.folder, self.folder, self.family.attention, self.args.small)
        graph = self.graph(self.folder / "model.onnx")
        verify = self.verify(graph)
        trap = None
        if "position_ids" in graph.inputs:
            ids = np.array([self.inputs["prompts"][0]["input_ids"]])
            logits, _ = graph.run(ids, graph.state(self.kv["a"]), positions=np.arange(ids.shape[1])[None])
            trap = digits(max_diff(logits[0, -1], self.values["a"][0]["last_logits"]), 3)
        shifted = None if "position_ids" in graph.inputs else (
            lambda patch, start: self.oracle.prefix_kv(patch, start))
        verify["trap_positions_not_offset_diff"] = trap
        verify["batch"] = batch_report(graph, self.expected["batch"]["rows"], self.inputs["prompts"], self.values,
                                       self.kv.get, shifted)
        result = {**self.expected, "verify": verify, "layout": graph.layout()}
        write_json(self.folder / "expected.json", result, self.args.small)
        self.require(verify)
        if self.family.tf5:
            self.make_tf5()
        if self.args.small:
            (self.folder / "model.safetensors").rename(self.work / f"{self.name}.safetensors")
        return self.folder

    def make_tf5(self):
        command = [self.args.builder_python, str(Path(__file__).resolve()), "--tf5", str(self.folder),
                   "--inputs", str(self.args.inputs)] + (["--small"] if self.args.small else [])
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError("transformers 5: " + done.stderr[-600:])

    def graph(self, path, **options):
        return Graph(path, self.oracle.kv_heads, self.oracle.head_dim, **options)

    def verify(self, graph):
        logits, logprob, equal = compare_all(self.values, self.values, self.inputs["prompts"],
                                             lambda name, prompt: graph.values(prompt, self.kv.get(name)))
        return {"onnxruntime": ort.__version__, "kv_from": "torch", "last_logits_max_abs_diff": logits,
                "continuation_logprob_max_abs_diff": logprob, "greedy_equal": equal}

    def require(self, verify):
        if verify["last_logits_max_abs_diff"] > self.args.tolerance:
            raise RuntimeError(f"graph and torch differ by {verify['last_logits_max_abs_diff']}")

    # -- onnxruntime-genai

    def checkpoint(self):
        """The checkpoint folder that the builder reads (the case folder may have been moved or slimmed)."""
        folder = self.work / "checkpoint"
        if not folder.exists():
            folder.mkdir()
            self.model.save_pretrained(str(folder))
            for file in TOKENIZER_FILES:
                shutil.copyfile(self.args.inputs / file, folder / file)
            config = json.loads((folder / "config.json").read_text())
            config.update(self.family.builder_config)
            (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        return folder

    def build(self, target, precision, *options):
        folder = self.work / "build" / target
        script = self.family.builder_start
        start = ["-c", script] if script else ["-m", "onnxruntime_genai.models.builder"]
        run_builder(self.args, start, self.checkpoint(), folder, precision, *options)
        return folder / "model.onnx"

    def make_builder_folder(self, suffix, precision, *options):
        built = self.build(f"{self.name}{suffix}", precision, *options).parent
        target = self.work / f"{self.name}{suffix}"
        target.mkdir()
        for file in ("model.onnx", "model.onnx.data", "genai_config.json"):
            shutil.copyfile(built / file, target / file)
        for file in TOKENIZER_FILES + ["config.json", "generation_config.json"]:
            shutil.copyfile(self.checkpoint() / file, target / file)
        return target

    def there(self, expected):
        """expected.json's base for a folder beside the family's own."""
        result = copy.deepcopy(expected)
        for adapter in result["adapters"].values():
            adapter["dir"] = f"../{self.name}/{adapter['dir']}"
        return result

    def embeds_graph(self, precision, *options):
        """The builder's graph with inputs_embeds, and the scale its input needs to match torch."""
        path = self.build(f"embeds-{precision}-{len(options)}", precision, "exclude_embeds=true", *options)
        graph, table = self.graph(path), self.oracle.adapters["a"].numpy()
        if not hasattr(self, "embeds_scale"):
            scales = sorted({1.0, float(self.model.config.hidden_size) ** 0.5})
            self.embeds_scale = min(scales, key=lambda s: max_diff(
                np.stack(sum(graph.prefix_kv(s * table), ())), np.stack(sum(self.kv["a"], ()))))
        return graph, path

    def graph_kv(self, graph):
        return {n: graph.prefix_kv(self.embeds_scale * self.oracle.prefix(PATCHES[n]).numpy())
                if n != "prefix" else self.kv[n] for n in self.kv}

    def make_gqa(self, suffix="-gqa", *options):
        target = self.make_builder_folder(suffix, "fp32", *options)
        graph = self.graph(target / "model.onnx")
        expected = self.there(self.expected)
        expected["case"] = target.name
        verify = self.verify(graph)
        embeds, _ = self.embeds_graph("fp32", *options)
        kv = self.graph_kv(embeds)
        verify["graph_kv_vs_torch_kv_max_abs_diff"] = digits(max(
            max_diff(x, y) for n in kv for p, q in zip(kv[n], self.kv[n]) for x, y in zip(p, q)), 3)
        verify["exclude_embeds_graph_needs_scale"] = self.embeds_scale
        if graph.windowed:
            window = max(graph.local.values())
            tight = self.graph(target / "model.onnx", capacity=window)
            logits, logprob, equal = compare_all(self.values, self.values, self.inputs["prompts"],
                                                 lambda name, prompt: tight.values(prompt, self.kv.get(name)))
            verify["cache_capacity_equal_to_window"] = {
                "capacity": window, "last_logits_max_abs_diff": logits,
                "continuation_logprob_max_abs_diff": logprob, "greedy_equal": equal}
        verify["batch"] = batch_report(graph, expected["batch"]["rows"], self.inputs["prompts"], self.values,
                                       self.kv.get)
        expected.update(layout=graph.layout(), verify=verify, prefix_kv=f"../{self.name}/prefix_kv.safetensors")
        write_json(target / "expected.json", expected, self.args.small)
        self.require(verify)
        return target

    def make_int4(self, suffix="-int4", *options):
        target = self.make_builder_folder(suffix, "int4", *options)
        prompts, path = self.inputs["prompts"], target / "model.onnx"
        graph = self.graph(path)
        embeds, embeds_path = self.embeds_graph("int4", *options)
        kv = self.graph_kv(embeds)
        save_kv(target / "prefix_kv.safetensors", kv)
        torch_detail = f"../{self.name}/prefix_kv.safetensors"
        expected = {**self.there(self.description()), "case": target.name, "oracle": "onnxruntime",
                    "oracle_detail": f"onnxruntime Python {ort.__version__}, CPU, 1 thread, this int4 graph; 'values': "
                                     "prefix KV computed by the same int4 weights (builder's exclude_embeds graph, "
                                     "inputs_embeds = prompt_embeddings * exclude_embeds_graph_needs_scale) and fed as "
                                     f"past; 'values_torch_kv': prefix KV computed by torch fp32 ({torch_detail}) and "
                                     "fed as past"}
        expected["adapters"] = self.there(self.expected)["adapters"]
        expected["patches"] = self.expected["patches"]
        values = {n: [graph.values(p, kv.get(n)) for p in prompts] for n in self.values}
        own, here = initializers(embeds_path), initializers(path)
        same = all(np.array_equal(own.get(n), here[n]) for n in here if n.endswith(("_Q4", "_scales")))
        verify = {"onnxruntime": ort.__version__,
                  "int4_weights_equal_in_exclude_embeds_graph": same,
                  "initializers_only_here": [n for n in here if n not in own and "/constants/" not in n],
                  "exclude_embeds_graph_needs_scale": self.embeds_scale}

        def spread(graph, **options):
            return digits(max(max_diff(e["last_logits"], graph.values(p, kv.get(n), **options)["last_logits"])
                              for n in values for e, p in zip(values[n], prompts)), 3)

        verify["spread_token_by_token_prefill"] = spread(graph, token_by_token=True)
        verify["spread_graph_optimisation_off"] = spread(self.graph(path, optimise=False))
        verify["vs_fp32_torch_last_logits_max_abs_diff"] = digits(max(
            max_diff(e["last_logits"], f["last_logits"]) for n in values for e, f in zip(values[n], self.values[n])), 3)
        verify["batch"] = batch_report(graph, self.expected["batch"]["rows"], prompts, values, kv.get)

        oracle = copy.copy(self.oracle)
        oracle.model = with_weights(self.model, dequantised(path))
        exact = all_values(oracle, PATCHES, prompts)
        exact_kv = {n: oracle.prefix_kv(n) for n in PATCHES if n != "none"}
        logits, _, equal = compare_all(exact, PATCHES, prompts, lambda n, p: graph.values(p, kv.get(n)))
        verify["ort_vs_torch_dequantised_last_logits_max_abs_diff"] = logits
        verify["ort_vs_torch_dequantised_greedy_equal"] = equal
        level0 = self.graph(path, accuracy_level=0)
        logits, _, equal = compare_all(exact, PATCHES, prompts, lambda n, p: level0.values(p, exact_kv.get(n)))
        verify["ort_accuracy_level_0_vs_torch_dequantised_last_logits_max_abs_diff"] = logits
        verify["ort_accuracy_level_0_vs_torch_dequantised_greedy_equal"] = equal
        wrapped = save_adapter(oracle.model, self.name, self.work / "peft-dequantised", oracle.adapters["a"])
        training = {"oracle": "torch on the dequantised int4 weights, fp32 activations (no int8 activation rounding)",
                    **Training(oracle, self.inputs["training"]).section(wrapped)}
        by_torch_kv, by_torch = (["a"], ["none", "a", "a+b"]) if self.args.small else (self.kv, exact)
        expected.update(values=values, batch=self.expected["batch"], layout=graph.layout(),
                        values_torch_kv={n: [graph.values(p, self.kv[n]) for p in prompts] for n in by_torch_kv},
                        prefix_kv="prefix_kv.safetensors", prefix_kv_torch=torch_detail, verify=verify,
                        values_dequantised_torch={n: exact[n] for n in by_torch},
                        training=training)
        write_json(target / "expected.json", expected, self.args.small)
        self.require({"last_logits_max_abs_diff": logits})
        return target


def write_tf5(args):
    """Runs under transformers 5: the same checkpoint and adapters, evaluated there."""
    inputs, folder = read_inputs(args), args.tf5
    given = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    model.requires_grad_(False)
    oracle = Oracle(model, load_adapters(folder))
    wrapped = {n: peft.PeftModel.from_pretrained(copy.deepcopy(model), str(folder / f"peft-{n}")).eval()
               for n in oracle.adapters}
    differences = [peft_difference(w, oracle, n, inputs["prompts"]) for n, w in wrapped.items()]
    expected = {**description(given["case"], given["seed"], oracle, inputs["prompts"]),
                "values": all_values(oracle, PATCHES, inputs["prompts"]),
                "selfcheck": {"peft_forward_max_abs_diff": digits(max(differences), 3), "notes": []},
                "batch": given["batch"],
                "training": Training(oracle, inputs["training"]).section(wrapped["a"])}
    save_kv(folder / "prefix_kv-tf5.safetensors", {n: oracle.prefix_kv(n) for n in PATCHES if n != "none"})
    write_json(folder / "expected-tf5.json", expected, args.small)


# -------------------------------------------------------------------------------------------- main

def read_inputs(args):
    """Prompts and training inputs of an existing case, as exact as the new case will state them."""
    expected = json.loads((args.inputs / "expected.json").read_text(encoding="utf-8"))
    training = {key: expected["training"][key] for key in ("rows", "sft_weighted", "kl", "dpo")}
    return {"prompts": expected["prompts"][:2 if args.small else None],
            "training": rounded(training, 7) if args.small else training}


def deliver(source, out):
    for file in source.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    target = out / source.name
    if target.exists():
        old = out / f".old-{source.name}"
        target.rename(old)
        source.rename(target)
        shutil.rmtree(old)
    else:
        source.rename(target)
    size = sum(f.stat().st_size for f in target.rglob("*") if f.is_file())
    print(f"  {target.name}: {size / 1024:.0f} KiB", flush=True)


def make(args, name, inputs, out):
    began = time.time()
    print(f"{name}", flush=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".making-") as work:
        case = Case(args, name, inputs, Path(work))
        case.make_checkpoint()
        case.make_torch_part()
        steps = {"": case.make_optimum, "-gqa": case.make_gqa, "-int4": case.make_int4,
                 "-gqafull": lambda: case.make_gqa("-gqafull", "windowed_kv_cache=false")}
        for suffix in case.family.layouts:
            try:
                deliver(steps[suffix](), out)
            except Exception as error:
                if args.strict:
                    raise
                print(f"  {name}{suffix}: FAILED: {error}", flush=True)
                failed = Path(work) / f"{name}{suffix}"
                if args.keep_failed and failed.exists():
                    shutil.copytree(failed, args.keep_failed / failed.name, dirs_exist_ok=True)
    print(f"  seed {case.seed}, {time.time() - began:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("families", nargs="*", help="default: the small set with --small, else the extra families")
    parser.add_argument("--inputs", type=Path, required=True,
                        help="an existing case: tokenizer, prompts, training inputs")
    parser.add_argument("--out", type=Path, help="folder that receives the cases")
    parser.add_argument("--builder-python", help="Python with onnxruntime-genai and transformers 5")
    parser.add_argument("--small", action="store_true", help="smallest sizes, two prompts, compact JSON")
    parser.add_argument("--tolerance", type=float, default=1e-4,
                        help="allowed difference of a graph's logits to torch's")
    parser.add_argument("--strict", action="store_true", help="stop at the first layout that fails")
    parser.add_argument("--keep-failed", type=Path, help="folder that receives what failed")
    parser.add_argument("--tf5", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.tf5:
        return write_tf5(args)
    if not args.out or not args.builder_python:
        parser.error("--out and --builder-python are needed")
    args.out.mkdir(parents=True, exist_ok=True)
    inputs = read_inputs(args)
    for name in args.families or (SMALL_SET if args.small else EXTRA_SET):
        make(args, name, inputs, args.out)


if __name__ == "__main__":
    sys.exit(main())
