#!/usr/bin/python3
"""Make remembered.json: what cmi and fast-dfkd add to deep inversion, in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_remembered.py

It writes remembered.json beside itself. "contrast" is the loss of a head on sights of 4 images and 5 kept ones, of which 3 are
there, with its gradients; once more where none is. "agreed" is the divergence of images of one opinion. "meta" is first-order
meta-learning of a quadratic whose target changes with each task: three tasks of two steps, values after each step.
"""
import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from make_data_free import rounded
from make_losses import flat

TEMPERATURE, RATE = 0.1, 0.05


def contrast(kept):
    head = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3)).double()
    weights = {name: rounded(value.shape, 50 + i, 0.5) for i, (name, value) in enumerate(head.state_dict().items())}
    head.load_state_dict(weights)
    sights = {name: rounded((n, 6), 60 + i) for i, (name, n) in enumerate([("local", 4), ("whole", 4), ("keptLocal", 5), ("keptWhole", 5)])}
    local, whole = (sights[name].clone().requires_grad_(True) for name in ("local", "whole"))
    to = lambda x: F.normalize(head(x), dim=1)
    details = to(torch.cat([local, sights["keptLocal"][:kept]]))
    wholes = to(torch.cat([whole, sights["keptWhole"][:kept]])).detach()
    rows = F.cross_entropy(details @ wholes.T / TEMPERATURE, torch.arange(4 + kept), reduction="none")
    loss = rows[:4].mean() + (rows[4:].mean() if kept else 0)
    grads = torch.autograd.grad(loss, [local, head[0].weight, head[2].bias])
    return {
        "isKept": [1] * kept + [0] * (5 - kept),
        "value": loss.item(),
        "gradients": dict(zip(["local", "head.0.weight", "head.2.bias"], map(flat, grads))),
        "weights": {f"head.{name}": flat(value) for name, value in weights.items()},
        "sights": {name: flat(value) for name, value in sights.items()},
    }


def agreed():
    student, teacher = rounded((6, 4), 73, 2).requires_grad_(True), rounded((6, 4), 75, 2)
    same = (student.argmax(1) == teacher.argmax(1)).double()
    assert 0 < same.sum() < 6
    rows = F.kl_div(F.log_softmax(student, 1), F.softmax(teacher, 1), reduction="none").sum(1)
    loss = (rows * same).mean()
    gradient = torch.autograd.grad(loss, student)[0]
    return {"student": flat(student.detach()), "teacher": flat(teacher), "value": loss.item(), "gradient": flat(gradient)}


def meta():
    first = rounded((3,), 80)
    start = first.clone().requires_grad_(True)
    outer = torch.optim.Adam([start], lr=RATE * 2, betas=(0.5, 0.999))
    targets = [rounded((3,), 90 + i) for i in range(3)]
    values = []
    for target in targets:
        fast = start.detach().clone().requires_grad_(True)
        inner = torch.optim.Adam([fast], lr=RATE, betas=(0.5, 0.999))
        start.grad = torch.zeros_like(start)
        for step in range(2):
            inner.zero_grad()
            ((fast - target) ** 2).sum().backward()
            start.grad += fast.grad
            inner.step()
            if step == 1:
                outer.step()
            values.append(flat((start if step == 1 else fast).detach()))
    return {"first": flat(first), "targets": [flat(target) for target in targets], "values": values}


def main():
    torch.set_num_threads(1)
    found = {"contrast": [contrast(3), contrast(0)], "agreed": agreed(), "meta": meta()}
    path = Path(__file__).resolve().with_name("remembered.json")
    path.write_text(json.dumps(found, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
