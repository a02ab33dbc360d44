#!/usr/bin/env python3
"""Compares decoding speed on one ONNX graph: Patchkit, ONNX Runtime in Python, onnxruntime-genai;
and on the GGUF file that it was imported from: llama.cpp.

    python3 decode_speed.py --model DIR [--rounds 3] [--tokens 64] [--threads 1]
        [--python NAME=PYTHON ...] [--gguf FILE]

Each engine runs in a process of its own, one after the other, round after round, so that they see
the same machine. Time is processor time. `--python ort=PATH` names the Python that has
onnxruntime (the version that Patchkit uses, for a fair comparison) and, so that memory is compared with what
answers a chat too, tokenizers and jinja2, `--python genai=PATH` the one
that has onnxruntime-genai, `--python torch=PATH` the one
with torch and transformers, `--python llama=PATH` the one with llama_cpp, which reads `--gguf`; engines
without a Python are left out.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

PROMPT = [20 + 7 * i % 200 for i in range(32)]


def peak_mb():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


def report(engine, cpu_seconds, tokens):
    print(json.dumps({
        "engine": engine,
        "cpu_ms_per_token": 1000 * cpu_seconds / tokens,
        "peak_mb": peak_mb()}))


def ort(args):
    """Greedy decoding with IO binding; past and present share a buffer where the graph allows it."""
    import numpy as np
    import onnxruntime

    served = chat_support(args)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        str(pathlib.Path(args.model) / "model.onnx"), options, providers=["CPUExecutionProvider"])
    config = json.loads((pathlib.Path(args.model) / "config.json").read_text())
    heads = config["num_key_value_heads"]
    dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    pasts = [i.name for i in session.get_inputs() if i.name.startswith("past_key_values")]
    capacity = 256
    cache = {
        name: onnxruntime.OrtValue.ortvalue_from_numpy(
            np.zeros((1, heads, capacity, dim), np.float32))
        for name in pasts}

    def step(tokens, length):
        binding = session.io_binding()
        binding.bind_cpu_input("input_ids", np.array([tokens], np.int64))
        binding.bind_cpu_input("attention_mask", np.ones((1, length + len(tokens)), np.int64))
        for name, value in cache.items():
            binding.bind_ortvalue_input(name, value)
            binding.bind_ortvalue_output(name.replace("past_key_values", "present"), value)
        binding.bind_output("logits")
        session.run_with_iobinding(binding)
        # Outputs come in the order in which they were bound.
        return int(binding.get_outputs()[-1].numpy()[0, -1].argmax())

    def generate():
        token, length = step(PROMPT, 0), len(PROMPT)
        before = time.process_time()
        for _ in range(args.tokens - 1):
            token = step([token], length)
            length += 1
        return time.process_time() - before

    generate()
    name = "onnxruntime " + onnxruntime.__version__ + (" with tokenizers" if served else "")
    report(name, generate(), args.tokens - 1)


def chat_support(args):
    """Tokenizer and chat template, which Patchkit holds too; None where there are no packages for them."""
    try:
        import jinja2
        import tokenizers
    except ImportError:
        return None
    folder = pathlib.Path(args.model)
    template = folder / "chat_template.jinja"
    return (
        tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json")),
        jinja2.Environment().from_string(template.read_text()) if template.exists() else None)


def genai(args):
    import onnxruntime_genai as og

    config = og.Config(args.model)
    model = og.Model(config)

    def generate():
        params = og.GeneratorParams(model)
        length = len(PROMPT) + args.tokens
        params.set_search_options(max_length=length, min_length=length, do_sample=False)
        generator = og.Generator(model, params)
        generator.append_tokens(PROMPT)
        generator.generate_next_token()
        before = time.process_time()
        for _ in range(args.tokens - 1):
            generator.generate_next_token()
        return time.process_time() - before

    generate()
    report("onnxruntime-genai", generate(), args.tokens - 1)


def torch(args):
    import torch as pytorch
    import transformers

    pytorch.set_num_threads(args.threads)
    # Speed does not depend on the numbers: a model of the configuration's sizes will do.
    config = transformers.AutoConfig.from_pretrained(args.model)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=pytorch.float32)
    ids = pytorch.tensor([PROMPT])

    def generate(tokens):
        before = time.process_time()
        model.generate(ids, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False)
        return time.process_time() - before

    generate(args.tokens)
    first = generate(1)
    report("transformers", generate(args.tokens) - first, args.tokens - 1)


def llama(args):
    import llama_cpp
    import numpy as np

    model = llama_cpp.Llama(
        args.gguf, n_ctx=256, n_threads=args.threads, n_threads_batch=args.threads, verbose=False)

    def step(tokens):
        model.eval(tokens)
        logits = llama_cpp.llama_get_logits(model.ctx)
        return int(np.ctypeslib.as_array(logits, shape=(model.n_vocab(),)).argmax())

    def generate():
        model.reset()
        token = step(PROMPT)
        before = time.process_time()
        for _ in range(args.tokens - 1):
            token = step([token])
        return time.process_time() - before

    generate()
    report("llama.cpp, llama-cpp-python " + llama_cpp.__version__, generate(), args.tokens - 1)


def compare(args):
    here = pathlib.Path(__file__).resolve()
    common = ["--model", args.model, "--tokens", str(args.tokens), "--threads", str(args.threads)]
    commands = {
        "patchkit": [str(here.parent.parent / "run"), "MeasureSpeed", "--decode", "true",
                     "--rounds", "1"] + common}
    for entry in args.python:
        name, python = entry.split("=", 1)
        commands[name] = [python, str(here), "--engine", name] + common
        if name == "llama":
            commands[name] += ["--gguf", args.gguf]
    results = {name: [] for name in commands}
    for round_number in range(args.rounds):
        names = list(commands)
        for name in names if round_number % 2 == 0 else reversed(names):
            done = subprocess.run(commands[name], stdout=subprocess.PIPE, text=True, check=True)
            results[name].append(json.loads(done.stdout.strip().splitlines()[-1]))
    print(f"| engine | processor ms a token, median of {args.rounds} (least, most) | peak MB |")
    print("|---|---|---|")
    for name, runs in results.items():
        times = [run["cpu_ms_per_token"] for run in runs]
        memory = max(run["peak_mb"] for run in runs)
        print(f"| {runs[0]['engine']} | {statistics.median(times):.2f} "
              f"({min(times):.2f}, {max(times):.2f}) | {memory} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("--engine", choices=["ort", "genai", "torch", "llama"])
    parser.add_argument("--gguf")
    args = parser.parse_args()
    if args.engine:
        {"ort": ort, "genai": genai, "torch": torch, "llama": llama}[args.engine](args)
    else:
        compare(args)


if __name__ == "__main__":
    sys.exit(main())
