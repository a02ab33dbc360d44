#!/usr/bin/env python3
"""Compares the cost of a training step on a frozen model: Patchkit and torch.

    python3 train_step.py --model DIR [--rounds 3] [--rows 4] [--positions 109] [--threads 1]
        --python PYTHON

A step is the gradient of the mean log-likelihood of answers (the second half of each row) with
respect to key/values of 50 virtual tokens, in 32-bit floats. Each engine runs in a process of its
own, one after the other, round after round. Time is processor time. PYTHON has torch and
transformers; its model is made from the folder's config.json, since cost does not depend on the
numbers in the weights.
"""

import argparse
import json
import pathlib
import random
import statistics
import subprocess
import sys
import time

PREFIX = 50


def peak_mb():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


def torch_step(args):
    import torch
    import transformers

    torch.set_num_threads(args.threads)
    began, clock = time.process_time(), time.time()
    config = transformers.AutoConfig.from_pretrained(args.model)
    model = transformers.AutoModelForCausalLM.from_config(
        config, dtype=torch.float32, attn_implementation="sdpa")
    model.requires_grad_(False)
    dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    shape = (config.num_hidden_layers, 2, 1, config.num_key_value_heads, PREFIX, dim)
    prefix = torch.nn.Parameter(0.1 * torch.randn(shape))
    ids = torch.tensor([[20 + random.randrange(200) for _ in range(args.positions)]
                        for _ in range(args.rows)])
    half = args.positions // 2

    def step():
        cache = transformers.DynamicCache()
        for layer in range(config.num_hidden_layers):
            key, value = (x.expand(args.rows, -1, -1, -1) for x in prefix[layer])
            cache.update(key, value, layer)
        # The output projection only where there is loss, as Patchkit does it.
        hidden = model.model(ids, past_key_values=cache, use_cache=True).last_hidden_state
        logits = model.lm_head(hidden[:, half - 1:-1])
        loss = torch.nn.functional.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), ids[:, half:].reshape(-1))
        prefix.grad = None
        loss.backward()

    step()
    first = time.process_time() - began, time.time() - clock
    times = []
    for _ in range(args.steps):
        before = time.process_time()
        step()
        times.append(time.process_time() - before)
    print(json.dumps({
        "engine": f"torch {torch.__version__}, transformers {transformers.__version__}",
        "cpu_s_per_step": statistics.median(times),
        "peak_mb": peak_mb(),
        "first_cpu_s": first[0],
        "first_clock_s": first[1]}))


def compare(args):
    here = pathlib.Path(__file__).resolve()
    common = ["--model", args.model, "--steps", str(args.steps), "--rows", str(args.rows),
              "--positions", str(args.positions), "--threads", str(args.threads)]
    commands = [
        [str(here.parent.parent / "run"), "MeasureTraining"] + common,
        [args.python, str(here), "--engine"] + common]
    results = [[] for _ in commands]
    for round_number in range(args.rounds):
        order = (0, 1) if round_number % 2 == 0 else (1, 0)
        for engine in order:
            done = subprocess.run(commands[engine], stdout=subprocess.PIPE, text=True, check=True)
            results[engine].append(json.loads(done.stdout.strip().splitlines()[-1]))
    print(f"| engine | processor s a step, median of {args.rounds} (least, most) | peak MB "
          "| opening and first step, processor s | s |")
    print("|---|---|---|---|---|")
    for runs in results:
        times = [run["cpu_s_per_step"] for run in runs]
        print(f"| {runs[0]['engine']} | {statistics.median(times):.2f} "
              f"({min(times):.2f}, {max(times):.2f}) | {max(run['peak_mb'] for run in runs)} | "
              f"{statistics.median(run['first_cpu_s'] for run in runs):.1f} | "
              f"{statistics.median(run['first_clock_s'] for run in runs):.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--positions", type=int, default=109)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--python")
    parser.add_argument("--engine", action="store_true")
    args = parser.parse_args()
    if args.engine:
        torch_step(args)
    else:
        compare(args)


if __name__ == "__main__":
    sys.exit(main())
