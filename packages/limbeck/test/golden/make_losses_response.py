#!/usr/bin/python3
"""Make losses_response.json: golden values and gradients of response losses in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_losses_response.py

It writes losses_response.json beside itself; a second run writes the same bytes.

The functions are written from the papers, on probabilities where the library
works on logarithms, and by taking the true class out of a matrix where the
library masks it. Each is summed over classes and averaged over samples, and
"gradient" is its gradient by the student's logits. Divisions by a deviation or
norm below 1e-5 divide by 1 instead.
"""
from pathlib import Path

import torch
from torch.nn import functional as F

from make_losses import SHAPES, draw_labels, flat, huge, label, student_logits, teacher_logits, write

NO_SPREAD = 1e-10


def kl(p, q):
    """Sum over the last axis of p log(p / q), where 0 log 0 is 0; one number for each row."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=1)


def soft(logits, temperature):
    return F.softmax(logits / temperature, dim=1)


def safe(values, square):
    """Root of a square by which values are divided."""
    return torch.where(square < NO_SPREAD, torch.ones_like(square), square).sqrt()


def standardized(z):
    shifted = z - z.mean(dim=1, keepdim=True)
    variance = (shifted**2).sum(dim=1, keepdim=True) / (z.shape[1] - 1)
    return shifted / (safe(shifted, variance) + 1e-7)


def logit_standardization(s, t, o, labels):
    tau = o["temperature"]
    return tau**2 * kl(soft(standardized(t), tau), soft(standardized(s), tau)).mean()


def others(z, labels):
    """The logits of the other classes: [N, K - 1]."""
    keep = F.one_hot(labels, z.shape[1]) == 0
    return z[keep].reshape(z.shape[0], -1)


def two_sided(z, labels, tau):
    """Probability of the true class and of all others, the latter as a sum, not as a difference."""
    p = soft(z, tau)
    return torch.stack([p.gather(1, labels[:, None])[:, 0], others(p, labels).sum(dim=1)], dim=1)


def dkd(s, t, o, labels):
    tau = o["temperature"]
    target = kl(two_sided(t, labels, tau), two_sided(s, labels, tau)).mean()
    rest = kl(soft(others(t, labels), tau), soft(others(s, labels), tau)).mean()
    return tau**2 * (o["target"] * target + o["others"] * rest)


def nkd(s, t, o, labels):
    tau, pick = o["temperature"], labels[:, None]
    target = -(soft(t, 1).gather(1, pick) * F.log_softmax(s, dim=1).gather(1, pick)).mean()
    log_rest = F.log_softmax(others(s, labels) / tau, dim=1)
    rest = -(soft(others(t, labels), tau) * log_rest).sum(dim=1).mean()
    return target + o["others"] * tau**2 * rest


def pearson(a, b):
    """Correlation of rows."""
    x, y = a - a.mean(dim=1, keepdim=True), b - b.mean(dim=1, keepdim=True)
    sizes = safe(x, (x**2).sum(dim=1)) * safe(y, (y**2).sum(dim=1))
    return (x * y).sum(dim=1) / (sizes + 1e-8)


def dist(s, t, o, labels):
    tau = o["temperature"]
    p, q = soft(s, tau), soft(t, tau)
    rows, columns = 1 - pearson(p, q).mean(), 1 - pearson(p.T, q.T).mean()
    return tau**2 * (o["samples"] * rows + o["classes"] * columns)


def wsld(s, t, o, labels):
    tau = o["temperature"]
    hard_s = F.cross_entropy(s.detach(), labels, reduction="none")
    hard_t = F.cross_entropy(t, labels, reduction="none")
    focus = 1 - torch.exp(-hard_s / (hard_t + 1e-7))
    return tau**2 * (focus * kl(soft(t, tau), soft(s, tau))).mean()


def mlld(s, t, o, labels):
    total = 0
    for tau in o["temperatures"]:
        p, q = soft(s, tau), soft(t, tau)
        total = total + o["instance"] * tau**2 * kl(q, p).mean()
        total = total + o["batch"] * ((p @ p.T - q @ q.T) ** 2).sum() / p.shape[0]
        total = total + o["classes"] * ((p.T @ p - q.T @ q) ** 2).sum() / p.shape[1]
    return total


def ttm(s, t, o, labels):
    powers = soft(t, 1) ** (1 / o["temperature"])
    norm = powers.sum(dim=1)
    rows = kl(powers / norm[:, None], soft(s, 1))
    return (norm * rows).mean() if o["weighted"] else rows.mean()


def logit_l1(s, t, o, labels):
    return F.l1_loss(s, t, reduction="sum") / s.shape[0]


def logit_mse(s, t, o, labels):
    return F.mse_loss(s, t, reduction="sum") / s.shape[0]


def hard_label(s, t, o, labels):
    return F.cross_entropy(s, t.argmax(dim=1))


def reverse_kl(s, t, o, labels):
    tau = o["temperature"]
    return tau**2 * kl(soft(s, tau), soft(t, tau)).mean()


def jensen_shannon(s, t, o, labels):
    tau, beta = o["temperature"], o["teacherShare"]
    p, q = soft(t, tau), soft(s, tau)
    mixture = beta * p + (1 - beta) * q
    return tau**2 * (beta * kl(p, mixture) + (1 - beta) * kl(q, mixture)).mean()


def skew_kl(s, t, o, labels):
    tau, alpha = o["temperature"], o["skew"]
    p, q = (soft(s, tau), soft(t, tau)) if o["reverse"] else (soft(t, tau), soft(s, tau))
    return tau**2 * kl(p, alpha * p + (1 - alpha) * q).mean()


def sigmoid_kd(s, t, o, labels):
    tau = o["temperature"]
    p = torch.sigmoid(t / tau)
    crossed = F.binary_cross_entropy_with_logits(s / tau, p, reduction="none")
    entropy = F.binary_cross_entropy_with_logits(t / tau, p, reduction="none")
    return tau**2 * (crossed - entropy).sum(dim=1).mean()


def bounded_regression(s, t, o, labels, targets):
    if o.get("on") == "probabilities":
        s, t = s.softmax(dim=1), t.softmax(dim=1)
    student, teacher = ((s - targets) ** 2).sum(dim=1), ((t - targets) ** 2).sum(dim=1)
    return torch.where(student + o["margin"] > teacher, student, torch.zeros_like(student)).mean()


# Name, function, options of its cases, and what it looks at beside both logits.
LOSSES = [
    ("logit-standardization", logit_standardization, [{"temperature": 2}, {"temperature": 4}], ""),
    (
        "dkd",
        dkd,
        [
            {"temperature": 4, "target": 1, "others": 8},
            {"temperature": 1, "target": 1, "others": 0.5},
            {"temperature": 2, "target": 0, "others": 1},
        ],
        "labels",
    ),
    ("nkd", nkd, [{"temperature": 1, "others": 1.5}, {"temperature": 3, "others": 0.5}], "labels"),
    (
        "dist",
        dist,
        [{"temperature": 1, "samples": 1, "classes": 1}, {"temperature": 4, "samples": 2, "classes": 0.5}],
        "",
    ),
    ("wsld", wsld, [{"temperature": 4}, {"temperature": 2}], "labels"),
    (
        "mlld",
        mlld,
        [
            {"temperatures": [2, 3, 4, 5, 6], "instance": 1, "batch": 1, "classes": 1},
            {"temperatures": [1], "instance": 0, "batch": 2, "classes": 3},
        ],
        "",
    ),
    ("ttm", ttm, [{"temperature": 10, "weighted": False}, {"temperature": 4, "weighted": True}], ""),
    ("logit-mse", logit_mse, [{}], ""),
    ("logit-l1", logit_l1, [{}], ""),
    ("hard-label", hard_label, [{}], ""),
    ("reverse-kl", reverse_kl, [{"temperature": 1}, {"temperature": 3}], ""),
    (
        "jensen-shannon",
        jensen_shannon,
        [{"temperature": 1, "teacherShare": 0.5}, {"temperature": 2, "teacherShare": 0.1}],
        "",
    ),
    (
        "skew-kl",
        skew_kl,
        [{"temperature": 1, "skew": 0.1, "reverse": False}, {"temperature": 2, "skew": 0.1, "reverse": True}],
        "",
    ),
    ("sigmoid-kd", sigmoid_kd, [{"temperature": 1}, {"temperature": 3}], "one column"),
    ("bounded-regression", bounded_regression, [{"margin": 0}, {"margin": 25}, {"on": "probabilities", "margin": 1}], "targets"),
]


def make_case(name, loss, function, options, student, teacher, labels, targets):
    student = student.clone().requires_grad_(True)
    extra = () if targets is None else (targets,)
    value = function(student, teacher, options, labels, *extra)
    (gradient,) = torch.autograd.grad(value, student)
    shape = list(student.shape)
    case = {
        "name": name,
        "loss": loss,
        "options": options,
        "studentLogits": {"shape": shape, "data": flat(student), "gradient": flat(gradient)},
        "teacherLogits": {"shape": shape, "data": flat(teacher)},
        "value": value.item() + 0,
    }
    if labels is not None:
        case["labels"] = labels.tolist()
    if targets is not None:
        case["targets"] = {"shape": shape, "data": flat(targets)}
    return case


def pairs(extra):
    """Names, student's and teacher's logits: shapes first, then edges."""
    shapes = [*SHAPES, [6, 1]] if extra == "one column" else SHAPES
    for shape in shapes:
        yield label(shape), student_logits(shape), teacher_logits(shape)
    student, teacher = student_logits([4, 3]), teacher_logits([4, 3])
    equal = torch.full((4, 3), 1.5, dtype=torch.float64)
    yield "student is teacher", teacher, teacher
    yield "student all equal", equal, teacher
    yield "teacher all equal", student, equal
    yield "both all equal", equal, equal - 4.0
    yield "huge 4x3", huge([4, 3], 7), huge([4, 3], 8)


def cases_of(name, function, options, extra):
    for student_name, student, teacher in pairs(extra):
        shape = list(student.shape)
        labels = draw_labels(shape) if extra == "labels" else None
        targets = teacher_logits(shape) / 2 + student_logits(shape) / 4 if extra == "targets" else None
        title = " ".join([name, student_name, *(f"{k} {v}" for k, v in options.items())])
        yield make_case(title, name, function, options, student, teacher, labels, targets)


def main():
    torch.set_num_threads(1)
    cases = [
        case
        for name, function, variants, extra in LOSSES
        for options in variants
        for case in cases_of(name, function, options, extra)
    ]
    path = Path(__file__).resolve().with_name("losses_response.json")
    write(path, cases)
    print(f"{path.name}: {len(cases)} cases of {len(LOSSES)} losses, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
