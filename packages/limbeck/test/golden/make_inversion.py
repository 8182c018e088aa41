#!/usr/bin/python3
"""Make inversion.json: what images are inverted by (priors, statistics of batch normalization) and two batches of it, in float64.

Run it with Debian's PyTorch and onnx, without arguments:

    /usr/bin/python3 make_inversion.py

It writes inversion.json beside itself. "files" are exports of small networks, base64: with their batch normalizations, the
same with all names replaced, as PyTorch exports by default (folded), and one of which only a part can be folded.

"batches" is the authors' loop without jitter, with lengths per image: Adam on images that are counted in standard
deviations, twice three steps, each from given noise. What is kept of a batch is what the last step was taken from.
"""
import base64
import io
import json
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn
from torch.nn import functional as F

from make_data_free import rounded
from make_losses import flat

MEAN, STD, ITERATIONS = 0.4, 0.2, 3


def fill(model, seed):
    """Numbers with four decimals everywhere, running statistics included."""
    with torch.no_grad():
        for i, (name, value) in enumerate(model.state_dict().items()):
            if name.endswith("num_batches_tracked"):
                continue
            numbers = rounded(value.shape, seed + i, 0.5)
            value.copy_(numbers.abs() + 0.5 if name.endswith("running_var") else numbers)
    return model.double().eval()


def network():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU(),
        nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )


def partly():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, bias=False), nn.ReLU(), nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )


def exported(model, **options):
    buffer = io.BytesIO()
    given = {"input_names": ["x"], "output_names": ["y"], "dynamic_axes": {"x": {0: "n"}, "y": {0: "n"}}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model.float().eval(), torch.zeros(2, 1, 8, 8), buffer, **given, **options)
    model.double()
    return buffer.getvalue()


def renamed(file):
    """The same network with numbers for names, in another order of the stored tensors."""
    model = onnx.load_from_string(file)
    names = {}
    of = lambda name: names.setdefault(name, f"v{len(names)}") if name else name
    for part in [model.graph.input, model.graph.output, reversed(model.graph.initializer)]:
        for value in part:
            value.name = of(value.name)
    stored = list(model.graph.initializer)[::-1]
    del model.graph.initializer[:]
    model.graph.initializer.extend(stored)
    for node in model.graph.node:
        node.name = of(node.name)
        for part in (node.input, node.output):
            part[:] = [of(name) for name in part]
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    return model.SerializeToString()


def statistics(model, images):
    gaps = []

    def look(module, given, _):
        x = given[0].transpose(0, 1).flatten(1)
        gaps.append((x.mean(1) - module.running_mean).norm() + (x.var(1, unbiased=False) - module.running_var).norm())

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    logits = model(images)
    for hook in hooks:
        hook.remove()
    return logits, sum(gaps)


def length(x):
    return x.flatten(1).norm(dim=1).mean()


def total_variation(x):
    across, down = x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]
    falling, rising = x[..., 1:, 1:] - x[..., :-1, :-1], x[..., 1:, :-1] - x[..., :-1, 1:]
    return length(across) + length(down) + length(falling) + length(rising)


def case(images, loss):
    return {"value": loss.item(), "gradient": flat(torch.autograd.grad(loss, images)[0])}


def priors_case():
    images = rounded((3, 2, 5, 4), 70).requires_grad_(True)
    return {
        "images": flat(images),
        "totalVariation": case(images, total_variation(images)),
        "l2": case(images, length(images)),
    }


def statistics_case(model):
    images = rounded((4, 1, 8, 8), 71).requires_grad_(True)
    return {"images": flat(images), **case(images, statistics(model, images)[1])}


def batches_case(model):
    noise = [rounded((4, 1, 8, 8), 80 + i) for i in range(2)]
    kept, losses = [], []
    for batch, start in enumerate(noise):
        images = start.clone().requires_grad_(True)
        labels = (batch * 4 + torch.arange(4)) % 3
        optimizer = torch.optim.Adam([images], lr=0.1, betas=(0.5, 0.99))
        for step in range(ITERATIONS):
            seen = images * STD + MEAN
            if step == ITERATIONS - 1:
                kept.append(flat(seen.detach()))
            logits, gap = statistics(model, seen)
            loss = F.cross_entropy(logits, labels) + 0.5 * gap + 0.01 * total_variation(images) + 0.02 * length(images)
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {"noise": [flat(x) for x in noise], "kept": kept, "losses": losses}


def main():
    torch.set_num_threads(1)
    model = fill(network(), 20)
    keep = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
    files = {
        "kept": exported(model, **keep),
        "folded": exported(model),
        "partly": exported(fill(partly(), 40)),
    }
    files["renamed"] = renamed(files["kept"])
    found = {
        "files": {name: base64.b64encode(file).decode() for name, file in files.items()},
        "priors": priors_case(),
        "statistics": statistics_case(model),
        "batches": batches_case(model),
    }
    path = Path(__file__).resolve().with_name("inversion.json")
    path.write_text(json.dumps(found, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
