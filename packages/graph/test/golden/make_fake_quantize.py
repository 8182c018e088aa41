#!/usr/bin/python3
"""Make fake_quantize.json: values and gradients of fake quantization, in float32.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_fake_quantize.py

A second run writes the same bytes. "activation" is torch.fake_quantize_per_tensor_affine to 0 ... 255 with the scale and zero
point of a range; "weight" is torch.fake_quantize_per_channel_affine with scales of the largest value of each channel. A case
holds x, its result y, a cotangent, and the gradient of sum(y * cotangent) by x.
"""
import json
from pathlib import Path

import torch

torch.set_num_threads(1)
cases = []


def draw(shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(shape, generator=generator) * 1e3).round() / 1e3


def values(tensor):
    return [float(value) for value in tensor.flatten()]


def finish(x, y, seed, **facts):
    cotangent = draw(x.shape, seed + 100)
    (y * cotangent).sum().backward()
    cases.append({**facts, "shape": list(x.shape), "x": values(x), "y": values(y), "cotangent": values(cotangent), "gradient": values(x.grad)})


def activation(shape, seed, low, high):
    x = draw(shape, seed).requires_grad_()
    least, most = torch.tensor(min(low, 0.0)), torch.tensor(max(high, 0.0))
    scale = (most - least) / 255
    zero = int(torch.round(-least / scale).clamp(0, 255))
    y = torch.fake_quantize_per_tensor_affine(x, float(scale), zero, 0, 255)
    finish(x, y, seed, kind="activation", low=low, high=high, scale=float(scale), zeroPoint=zero)


def weight(shape, seed, axis, largest):
    x = draw(shape, seed).requires_grad_()
    others = [i for i in range(len(shape)) if i != axis]
    scale = x.detach().abs().amax(others) / largest
    y = torch.fake_quantize_per_channel_affine(x, scale, torch.zeros(shape[axis], dtype=torch.int32), axis, -largest, largest)
    finish(x, y, seed, kind="weight", axis=axis, largest=largest)


activation([4, 5], 1, -1.0, 1.5)
activation([2, 3, 2, 2], 2, 0.25, 2.0)
activation([6], 3, -3.0, -0.5)
activation([20], 4, -0.5, 0.5)
weight([3, 4], 5, 0, 127)
weight([3, 4], 6, 1, 7)
weight([4, 2, 3, 3], 7, 0, 127)
weight([4, 1, 3, 3], 8, 0, 7)
text = json.dumps({"cases": cases}, indent=None, separators=(",", ":"))
Path(__file__).with_name("fake_quantize.json").write_text(text + "\n")
