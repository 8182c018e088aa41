#!/usr/bin/python3
"""Make losses_relation.json: golden values and gradients of relation losses in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_losses_relation.py

A second run writes the same bytes. Features of more than two dimensions are flattened, one row a sample. Formulas:

- "rkd-distance" (Park et al. 2019, eq. 7-10): mean over the N^2 pairs of Huber(d_s / mu_s - d_t / mu_t), d Euclidean
  distances, mu their mean over i != j.
- "rkd-angle" (eq. 11-13): mean over the N^3 triplets of Huber(cos angle_s - cos angle_t).
- "sp" (Tung & Mori 2019, eq. 2-4): squared difference of the row-normalized Gram matrices, summed over a row,
  averaged over rows.
- "cc" (Peng et al. 2019, eq. 6-8): squared difference of kernel matrices of normalized features, summed over a row,
  averaged over rows; kernel "gaussian" is the Taylor series of exp(-gamma |x - y|^2) up to order P, "bilinear" x . y.
- "cc-neighbors" (as the authors' shared code): d_i = |E_s f_s,i - E_t f_t,i| elementwise; mean over i of d_i . d_(i+1).
- "pkt" (Passalis & Tefas 2018, eq. 3-7): KL of row-normalized (cos + 1) / 2, summed over a row, averaged over rows.
"""
import math

import torch
from torch.nn import functional as F

from loss_cases import constant, draw, label, make_case, unit, write

SHAPES = [([2, 3], [2, 5]), ([4, 6], [4, 3]), ([6, 2, 2, 3], [6, 4, 3, 1]), ([5, 8], [5, 8])]
SINGLE = ([1, 4], [1, 6])


def rows(x):
    return x.reshape(x.shape[0], -1)


def distances(x):
    squared = ((x[:, None] - x[None, :]) ** 2).sum(-1).clamp(min=1e-12)
    off = 1 - torch.eye(len(x), dtype=x.dtype)
    d = squared.sqrt() * off
    return d / (d.sum() / off.sum())


def rkd_distance(s, t):
    return F.smooth_l1_loss(distances(rows(s)), distances(rows(t)))


def angles(x):
    e = unit(x[None, :] - x[:, None], -1)
    return torch.einsum("ijd,ikd->ijk", e, e)


def rkd_angle(s, t):
    return F.smooth_l1_loss(angles(rows(s)), angles(rows(t)))


def sp(s, t):
    g_s, g_t = (unit(rows(x) @ rows(x).T, 1) for x in (s, t))
    return ((g_s - g_t) ** 2).sum(1).mean()


def kernel(x, kind, gamma, order):
    gram = unit(rows(x), 1) @ unit(rows(x), 1).T
    if kind == "bilinear":
        return gram
    series = sum((2 * gamma * gram) ** p / math.factorial(p) for p in range(order + 1))
    return math.exp(-2 * gamma) * series


def cc(s, t, kind, gamma, order):
    return ((kernel(s, kind, gamma, order) - kernel(t, kind, gamma, order)) ** 2).sum(1).mean()


def cc_neighbors(s, t, p):
    e_s = F.linear(rows(s), p["student.weight"], p["student.bias"])
    e_t = F.linear(rows(t), p["teacher.weight"], p["teacher.bias"])
    delta = (e_s - e_t).abs()
    return (delta[:-1] * delta[1:]).sum(1).mean()


def similarities(x):
    u = unit(rows(x), 1)
    k = (u @ u.T + 1) / 2
    return k / k.sum(1, keepdim=True)


def pkt(s, t):
    q, p = similarities(s), similarities(t)
    return (p * torch.log((p + 1e-7) / (q + 1e-7))).sum(1).mean()


PLAIN = {"rkd-distance": rkd_distance, "rkd-angle": rkd_angle, "sp": sp, "pkt": pkt}
WITH_ONE_SAMPLE = ["sp", "pkt", "cc"]


def pairs(loss):
    """Student's and teacher's features: ordinary ones, duplicates, constant ones, the teacher's own."""
    shapes = SHAPES + ([SINGLE] if loss in WITH_ONE_SAMPLE else [])
    for i, (s, t) in enumerate(shapes):
        yield label(s, t), draw(s, 10 + i), draw(t, 50 + i)
    student, teacher = draw([4, 6], 11), draw([4, 3], 51)
    twins = student.clone()
    twins[2] = twins[0]
    yield "duplicates in the student", twins, teacher
    twins = teacher.clone()
    twins[3] = twins[1]
    yield "duplicates in the teacher", student, twins
    yield "constant student", constant([4, 6], 0.5), teacher
    yield "zero student", constant([4, 6], 0.0), teacher
    yield "same", student, student
    yield "scaled", 3 * student, student


def plain_cases():
    for loss, value in PLAIN.items():
        for name, s, t in pairs(loss):
            yield make_case(loss, name, {}, [s], [t], lambda ss, ts, _, v=value: v(ss[0], ts[0]))


def cc_cases():
    for options in ({}, {"kernel": "bilinear"}, {"gamma": 1.5, "order": 4}):
        full = {"kernel": "gaussian", "gamma": 0.4, "order": 2, **options}
        arguments = (full["kernel"], full["gamma"], full["order"])
        for name, s, t in pairs("cc"):
            title = " ".join([name, *(f"{k} {v}" for k, v in options.items())])
            yield make_case("cc", title, options, [s], [t], lambda ss, ts, _, a=arguments: cc(ss[0], ts[0], *a))


def cc_neighbors_cases():
    for name, s, t in pairs("cc-neighbors"):
        parameters = {
            "student.weight": draw([4, rows(s).shape[1]], 70, 0.5),
            "student.bias": draw([4], 71, 0.5),
            "teacher.weight": draw([4, rows(t).shape[1]], 72, 0.5),
            "teacher.bias": draw([4], 73, 0.5),
        }
        value = lambda ss, ts, p: cc_neighbors(ss[0], ts[0], p)
        yield make_case("cc-neighbors", name, {"dimensions": 4}, [s], [t], value, parameters)


if __name__ == "__main__":
    write(__file__, "losses_relation.json", [*plain_cases(), *cc_cases(), *cc_neighbors_cases()])
