"""Writes reference.json: what torch makes of the optimizer, the schedule and the pair losses.
Starts and gradients are floats, the arithmetic is in doubles.

    python reference.py > reference.json        (torch 2.15, CPU, one thread)
"""
import json

import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def adamw(steps, lr, betas, eps, weight_decay, max_norm, seed):
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(6, generator=generator)
    gradients = torch.randn(steps, 6, generator=generator) * torch.tensor([1.0, 0.1, 10.0, 1e-3, 1.0, 3.0])
    gradients[:, 4] = 0.0
    parameters = torch.nn.Parameter(start.double())
    optimizer = torch.optim.AdamW([parameters], lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
    trace = []
    for gradient in gradients:
        parameters.grad = gradient.double()
        if max_norm is not None:
            torch.nn.utils.clip_grad_norm_([parameters], max_norm)
        optimizer.step()
        trace.append(parameters.detach().tolist())
    state = optimizer.state[parameters]
    return {"lr": lr, "beta1": betas[0], "beta2": betas[1], "epsilon": eps, "weight_decay": weight_decay,
            "max_norm": max_norm, "start": start.tolist(), "gradients": gradients.tolist(), "parameters": trace,
            "moment1": state["exp_avg"].tolist(), "moment2": state["exp_avg_sq"].tolist()}


def cosine(peak, floor, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], lr=peak)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps, eta_min=peak * floor)
    rates = []
    for _ in range(steps):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return {"peak": peak, "floor": floor, "rates": rates}


def pair_losses():
    """The formulas of TRL's DPOTrainer, differentiated by torch."""
    h = torch.tensor([-300.0, -4.0, -0.5, 0.0, 0.7, 3.0, 5.0, 12.0, 400.0], dtype=torch.float64)

    def losses(beta, logits):
        return {
            "sigmoid": -F.logsigmoid(beta * logits),
            "smoothed": -F.logsigmoid(beta * logits) * 0.9 - F.logsigmoid(-beta * logits) * 0.1,
            "ipo": (logits - 1 / (2 * beta)) ** 2,
            "hinge": torch.relu(1 - beta * logits),
        }

    result = []
    for beta in (0.1, 0.5):
        for name in losses(beta, h):
            logits = h.clone().requires_grad_()
            value = losses(beta, logits)[name]
            value.sum().backward()
            result.append({"loss": name, "beta": beta, "h": h.tolist(), "value": value.tolist(),
                           "slope": logits.grad.tolist()})
    return result


print(json.dumps({
    "adamw": [adamw(40, 1e-2, (0.9, 0.999), 1e-8, 0.0, None, 1),
              adamw(40, 3e-3, (0.9, 0.999), 1e-8, 0.01, 1.0, 2),
              adamw(40, 5e-2, (0.8, 0.95), 1e-6, 0.1, 5.0, 3)],
    "cosine": [cosine(3e-3, 0.0, 20), cosine(1e-2, 0.1, 7)],
    "pair_losses": pair_losses(),
}, separators=(",", ":")))
