#!/usr/bin/python3
"""Make targets.json: soft targets that several models' answers make up, in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_targets.py

A second run writes the same bytes. Written from Guo et al. 2020, "Online Knowledge Distillation via Collaborative
Learning", section 3; y is one-hot, or has two shares where images are mixed.

- "naive": the logits of the model with the lowest cross-entropy on the batch.
- "linear": sum a_i z_i, with the a on the simplex that minimize the cross-entropy; found by projected gradient descent
  with backtracking, which is another algorithm than the library's.
- "min-logit": for each class the smallest of the models' logits, counted from the true class's.
- "general": the mixture of probabilities, with the w on the simplex that minimize w' C w, C the mean over samples of the
  products of errors (probabilities less y) and a thousandth of its mean diagonal added to the diagonal; found by projected
  gradient descent, where the library solves for every set of models. "weights" are w.

"crossEntropy" is that of the target.
"""
import torch
from torch.nn import functional as F

from loss_cases import draw, entry, flat, write


def cross_entropy(z, y):
    return -(F.log_softmax(z, -1) * y).sum() / len(z)


def naive(answers, y):
    return min(answers, key=lambda z: cross_entropy(z, y).item())


def onto_simplex(v):
    """The nearest point of the simplex (Duchi et al. 2008)."""
    u = v.sort(descending=True).values
    below = (u.cumsum(0) - 1) / torch.arange(1, len(v) + 1)
    rho = (u > below).nonzero().max()
    return (v - below[rho]).clamp(min=0)


def linear(answers, y):
    z = torch.stack(answers)
    value = lambda a: cross_entropy((a[:, None, None] * z).sum(0), y)
    a = torch.full([len(z)], 1 / len(z), dtype=torch.float64)
    step = 1.0
    for _ in range(3000):
        leaf = a.clone().requires_grad_(True)
        before = value(leaf)
        (slope,) = torch.autograd.grad(before, leaf)
        for _ in range(60):
            moved = onto_simplex(a - step * slope)
            d = moved - a
            if value(moved) <= before + (slope * d).sum() + (d * d).sum() / (2 * step) + 1e-15:
                break
            step /= 2
        if (moved - a).abs().max() < 1e-12:
            break
        a, step = moved, step * 1.5
    return (a[:, None, None] * z).sum(0)


def min_logit(answers, y):
    return torch.stack([z - (z * y).sum(1, keepdim=True) for z in answers]).min(0).values


def general_weights(answers, y):
    errors = [F.softmax(z, 1) - y for z in answers]
    products = torch.tensor([[(a * b).sum().item() / len(y) for b in errors] for a in errors], dtype=torch.float64)
    products += torch.eye(len(errors), dtype=torch.float64) * (1e-3 * products.diag().mean() + 1e-12)
    w = torch.full([len(errors)], 1 / len(errors), dtype=torch.float64)
    step = 0.5 / torch.linalg.eigvalsh(products).max()
    for _ in range(100000):
        moved = onto_simplex(w - step * 2 * products @ w)
        if (moved - w).abs().max() < 1e-15:
            break
        w = moved
    return w


def general(answers, y):
    w = general_weights(answers, y)
    return sum(share * F.softmax(z, 1) for share, z in zip(w, answers)).log()


def one_hot(rows, classes):
    return F.one_hot(torch.tensor([(2 * i + 1) % classes for i in range(rows)]), classes).double()


def answers_of(models, rows, classes, seed, skill=1.5, scale=2.0):
    """Models that are right more often than not, each with errors of its own."""
    y = one_hot(rows, classes)
    return [draw([rows, classes], seed + i, scale) + (skill + i / 4) * y for i in range(models)]


def batches():
    yield "two models", answers_of(2, 8, 3, 1), one_hot(8, 3)
    yield "three models", answers_of(3, 16, 10, 10), one_hot(16, 10)
    yield "five models", answers_of(5, 32, 10, 20), one_hot(32, 10)
    yield "two classes", answers_of(3, 6, 2, 30), one_hot(6, 2)
    yield "one sample", answers_of(2, 1, 4, 40), one_hot(1, 4)
    same = answers_of(1, 4, 3, 50)[0]
    yield "equal models", [same, same], one_hot(4, 3)
    far = answers_of(2, 8, 3, 60)
    yield "one far better", [far[0] + 8 * one_hot(8, 3), far[1] - 4 * one_hot(8, 3)], one_hot(8, 3)
    yield "sure answers", [20 * z for z in answers_of(3, 8, 5, 70)], one_hot(8, 5)
    yield "nearly equal logits", [z / 1000 for z in answers_of(3, 8, 5, 80)], one_hot(8, 5)
    yield "one much surer", [30 * z if i else z for i, z in enumerate(answers_of(2, 12, 4, 90, skill=3))], one_hot(12, 4)
    share = torch.tensor([[1.0], [0.7], [0.25], [0.5]], dtype=torch.float64)
    mixed = share * one_hot(4, 3) + (1 - share) * one_hot(4, 3).roll(-1, 0)
    yield "mixed labels", answers_of(3, 4, 3, 100), mixed


def cases():
    for name, answers, y in batches():
        answers = [torch.round(z * 1e4) / 1e4 for z in answers]
        for target, make in (("naive", naive), ("linear", linear), ("min-logit", min_logit), ("general", general)):
            z = make(answers, y)
            yield {
                "name": f"{target}, {name}",
                "target": target,
                "answers": [entry(answer) for answer in answers],
                "shares": entry(y),
                "logits": flat(z),
                "crossEntropy": cross_entropy(z, y).item(),
                **({"weights": flat(general_weights(answers, y))} if target == "general" else {}),
            }


write(__file__, "targets.json", list(cases()), kind="target")
