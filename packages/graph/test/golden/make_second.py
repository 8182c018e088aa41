#!/usr/bin/python3
"""Make second.json: gradients of gradients in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_second.py

A second run writes the same bytes. A small network f maps x to [N, K]; s is the gradient of sum(f(x) * pick) by x, and the
loss is sum(s * mix). A case holds x, pick, mix, the parameters in the order of their use, the slope s, and the gradients of
the loss by the parameters (null where it does not depend on one) and by x. The networks:

- "normalized": linear(mean over places of relu(batch norm, in training (conv 3x3, padding 1))).
- "frozen norm": the same with batch norm by running statistics 0.5 and 2.
- "pooled": linear(flatten(max pool 2 (tanh (conv 3x3)))).
- "attention": x [N, L, D]: y = gelu(layer norm(x)); linear(mean over tokens of softmax(y y^T) y).
- "gates": linear(flatten(hardswish(conv 3x3) * hardsigmoid(conv 3x3)) clipped to 0 .. 6).
"""
import json
from pathlib import Path

import torch
from torch.nn import functional as F

torch.set_num_threads(1)


def draw(shape, seed, scale=1.0, shift=0.0):
    generator = torch.Generator().manual_seed(seed)
    x = scale * torch.randn(tuple(shape), generator=generator, dtype=torch.float64) + shift
    return torch.round(x * 1e4) / 1e4


def normalized(x, w, gamma, beta, v):
    y = F.batch_norm(F.conv2d(x, w, padding=1), None, None, gamma, beta, training=True, eps=1e-5)
    return F.linear(torch.relu(y).mean((2, 3)), v)


def frozen_norm(x, w, gamma, beta, v):
    mean, var = (torch.full_like(gamma, value) for value in (0.5, 2))
    y = F.batch_norm(F.conv2d(x, w, padding=1), mean, var, gamma, beta, training=False, eps=1e-5)
    return F.linear(torch.relu(y).mean((2, 3)), v)


def pooled(x, w, v):
    return F.linear(F.max_pool2d(torch.tanh(F.conv2d(x, w)), 2).flatten(1), v)


def attention(x, gamma, beta, v):
    y = F.gelu(F.layer_norm(x, x.shape[-1:], gamma, beta, eps=1e-5))
    return F.linear((torch.softmax(y @ y.transpose(1, 2), -1) @ y).mean(1), v)


def gates(x, w, u, v):
    gate = lambda z: torch.clamp(z / 6 + 0.5, 0, 1)  # PyTorch's own has no second derivative
    a = F.conv2d(x, w)
    y = a * gate(a) * gate(F.conv2d(x, u))
    return F.linear(torch.clamp(y, 0, 6).flatten(1), v)


CASES = [
    ("normalized", normalized, [4, 2, 4, 4], [[3, 2, 3, 3], [3], [3], [2, 3]]),
    ("frozen norm", frozen_norm, [2, 2, 4, 4], [[3, 2, 3, 3], [3], [3], [2, 3]]),
    ("pooled", pooled, [2, 1, 6, 6], [[2, 1, 3, 3], [3, 8]]),
    ("attention", attention, [2, 3, 4], [[4], [4], [2, 4]]),
    ("gates", gates, [2, 1, 5, 5], [[2, 1, 3, 3], [2, 1, 3, 3], [2, 18]]),
]


def flat(x):
    return None if x is None else {"shape": list(x.shape), "data": [v + 0 for v in x.detach().flatten().tolist()]}


def make(name, network, shape, shapes):
    x = draw(shape, 1).requires_grad_(True)
    parameters = [draw(s, 10 + i, 0.7, 1 if len(s) == 1 and i % 2 else 0).requires_grad_(True) for i, s in enumerate(shapes)]
    answers = network(x, *parameters)
    pick, mix = draw(answers.shape, 2), draw(shape, 3)
    (slope,) = torch.autograd.grad((answers * pick).sum(), x, create_graph=True)
    grads = torch.autograd.grad((slope * mix).sum(), [x, *parameters], allow_unused=True)
    return {
        "name": name,
        "x": flat(x),
        "pick": flat(pick),
        "mix": flat(mix),
        "parameters": [flat(p) for p in parameters],
        "slope": flat(slope),
        "gradients": [flat(g) for g in grads],
    }


def main():
    cases = [make(*case) for case in CASES]
    path = Path(__file__).resolve().with_name("second.json")
    lines = [json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases]
    path.write_text('{"cases":[\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
