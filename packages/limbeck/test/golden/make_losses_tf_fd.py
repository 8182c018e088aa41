#!/usr/bin/python3
"""Make losses_tf_fd.json: golden values and gradients of teacher-free feature distillation, in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_losses_tf_fd.py

A second run writes the same bytes. Written channel by channel from the published description (Li 2022); sums over channels
and places, means over samples.

- "tf-fd-intra": activity of a channel = mean over samples of (sum of its map / length of its map) / places, zero maps
  count as zero; rank i meets rank i + C - floor(C / 2); gradients flow into both.
- "tf-fd-inter": for each pair of layers, maps averaged (adaptive_avg_pool2d) to the smaller height and width, the first
  min(C) channels compared; the deeper layer is a constant.
"""
import torch
from torch.nn.functional import adaptive_avg_pool2d

from loss_cases import constant, draw, entry, label, write


def make(loss, name, layers, value_of):
    layers = [x.clone().requires_grad_(True) for x in layers]
    value = value_of(layers)
    slopes = torch.autograd.grad(value, layers, allow_unused=True)
    seen = [entry(x, slope) for x, slope in zip(layers, slopes)]
    return {"name": f"{loss} {name}", "loss": loss, "options": {}, "studentFeatures": seen, "value": value.item() + 0}


def activity(maps, channel):
    total = 0.0
    for sample in maps.detach():
        length = sample[channel].norm().item()
        total += sample[channel].mean().item() / length if length > 0 else 0.0
    return total / len(maps)


def intra(layers):
    total = 0
    for maps in layers:
        channels = maps.shape[1]
        half = channels // 2
        busy = sorted(range(channels), key=lambda c: -activity(maps, c))
        for upper, lower in zip(busy[:half], busy[channels - half :]):
            total = total + ((maps[:, upper] - maps[:, lower]) ** 2).sum() / len(maps)
    return total


def inter(layers):
    total = 0
    for i, shallow in enumerate(layers):
        for deep in layers[i + 1 :]:
            size = [min(shallow.shape[2], deep.shape[2]), min(shallow.shape[3], deep.shape[3])]
            a, b = adaptive_avg_pool2d(shallow, size), adaptive_avg_pool2d(deep.detach(), size)
            for channel in range(min(a.shape[1], b.shape[1])):
                total = total + ((a[:, channel] - b[:, channel]) ** 2).sum() / len(a)
    return total


def active(shape, seed):
    """As after ReLU: about half of the values are zero."""
    return draw(shape, seed).clamp(min=0)


def intra_cases():
    for shape in ([1, 2, 1, 3], [3, 6, 4, 4], [2, 5, 3, 2]):
        yield make("tf-fd-intra", label(shape), [active(shape, shape[1])], intra)
        yield make("tf-fd-intra", f"{label(shape)}, signed", [draw(shape, 10 + shape[1])], intra)
    dead = active([3, 6, 4, 4], 3)
    dead[:, 2] = 0
    yield make("tf-fd-intra", "a dead channel", [dead], intra)
    strong = active([3, 6, 4, 4], 4) * torch.tensor([1, 100, 1, 0.01, 1, 1], dtype=torch.float64)[:, None, None]
    case = make("tf-fd-intra", "activity is no size", [strong], intra)
    yield case
    yield make("tf-fd-intra", "three layers", [active([2, c, s, s], c) for c, s in ((2, 6), (4, 3), (8, 2))], intra)


def inter_cases():
    for shallow, deep in (([2, 2, 4, 4], [2, 4, 2, 2]), ([1, 3, 5, 4], [1, 2, 3, 4]), ([3, 4, 2, 2], [3, 4, 4, 4])):
        maps = [active(shallow, shallow[1]), active(deep, 20 + deep[1])]
        yield make("tf-fd-inter", label(shallow, deep), maps, inter)
    yield make("tf-fd-inter", "three layers", [active([2, c, s, s], c) for c, s in ((2, 6), (4, 3), (8, 2))], inter)
    yield make("tf-fd-inter", "equal everywhere", [constant([2, 3, 4, 4], 0.5), constant([2, 6, 2, 2], 0.5)], inter)


if __name__ == "__main__":
    write(__file__, "losses_tf_fd.json", [*intra_cases(), *inter_cases()])
