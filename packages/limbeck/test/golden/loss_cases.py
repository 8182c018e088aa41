"""What the generators of feature, relation and explanation losses share: drawing numbers, autograd, writing.

A case holds the student's and the teacher's features, the parameters of adapters, the value in float64 and its
gradients by the student's features and by the parameters. Numbers are rounded to four decimals before use.
"""
import json
from pathlib import Path

import torch

torch.set_num_threads(1)

# What single precision may lose, relatively, where several normalizations of few values stand in a row.
DEEP = 5e-5


def flat(tensor):
    """The elements in row-major order, without negative zeros."""
    return [v + 0 for v in tensor.detach().flatten().tolist()]


def draw(shape, seed, scale=1.0, shift=0.0):
    """Random normal numbers with four decimals."""
    generator = torch.Generator().manual_seed(seed)
    x = scale * torch.randn(tuple(shape), generator=generator, dtype=torch.float64) + shift
    return torch.round(x * 1e4) / 1e4


def constant(shape, value):
    return torch.full(tuple(shape), value, dtype=torch.float64)


def unit(x, dim):
    """x / |x|; where |x| is below 1e-12 there is no direction: zero, and no gradient."""
    squared = (x * x).sum(dim, keepdim=True)
    known = squared > 1e-24
    length = torch.where(known, squared, torch.ones_like(squared)).sqrt()
    return torch.where(known, x / length, torch.zeros_like(x))


def entry(x, gradient=None):
    entry = {"shape": list(x.shape), "data": flat(x)}
    if gradient is not None:
        entry["gradient"] = flat(gradient)
    return entry


def make_case(loss, name, options, student, teacher, value_of, parameters=None):
    """value_of(students, teachers, parameters) -> scalar, of lists of features and a dict of adapters' parameters."""
    students = [x.clone().requires_grad_(True) for x in student]
    weights = {key: x.clone().requires_grad_(True) for key, x in (parameters or {}).items()}
    value = value_of(students, teacher, weights)
    grads = iter(torch.autograd.grad(value, [*students, *weights.values()]))
    pairs = [{"student": entry(s, next(grads)), "teacher": entry(t)} for s, t in zip(students, teacher)]
    return {
        "name": f"{loss} {name}",
        "loss": loss,
        "options": options,
        "features": pairs,
        "parameters": {key: entry(x, next(grads)) for key, x in weights.items()},
        "value": value.item() + 0,
    }


def label(*shapes):
    return " to ".join("x".join(map(str, shape)) for shape in shapes)


def write(script, name, cases, kind="loss"):
    """Compact JSON with one case a line, beside the script."""
    assert len({c["name"] for c in cases}) == len(cases), "the names of cases must differ"
    path = Path(script).resolve().with_name(name)
    lines = [json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases]
    path.write_text('{"cases":[\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")
    kinds = sorted({c[kind] for c in cases})
    print(f"{path.name}: {len(cases)} cases of {', '.join(kinds)}, {path.stat().st_size} bytes")
