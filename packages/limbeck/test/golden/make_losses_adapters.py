#!/usr/bin/python3
"""Make losses_adapters.json: golden values and gradients of feature losses with networks of their own, in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_losses_adapters.py

A second run writes the same bytes. Gradients are by the student's features and by all parameters. Maps of different sizes
are pooled to the smaller (adaptively); batch norm is that of the batch, eps 1e-5. Formulas:

- "mgd" (Yang et al. 2022): |G(m * a(s)) - t|^2 / N, a a 1x1 convolution where channels differ, m a mask of channels or
  places, G = conv3(relu(conv3(.))).
- "srd" (Miles & Mikolajczyk 2024): log(sum |bn(s W) - bn(t)|^a / N + 1e-12), bn without weight and bias.
- "ft" (Kim et al. 2018): |T / |T| - P / |P||_1 / N + r |D(P) - t|^2 / N; P = E(t), detached in the first term; E, D and T
  are three 3x3 convolutions with leaky ReLU (0.1), T with batch norm.
- "ofd" (Heo et al. 2019): u = max(t, margin), margin the mean of a channel's negative values under a normal distribution
  with deviation |w| and mean b, or -3 |w| where under 0.1 % are negative; sum of (c(s) - u)^2 where c(s) > u or u > 0, / N.
- "review" (Chen et al. 2021): attention-based fusion from the last pair to the first, context loss: at full size and
  pooled to 4, 2, 1 where smaller, weights 1, 1/2, 1/4, 1/8 of their sum; summed over channels, mean over places.
- "semckd" (Chen et al. 2021): sum of attention times mean squared difference over pairs of layers, / (N layers).
"""
import math

import torch
from torch.nn import functional as F

from loss_cases import DEEP, draw, entry, label, make_case, unit, write

MAPS = [([1, 3, 4, 4], [1, 5, 4, 4]), ([3, 2, 4, 6], [3, 4, 2, 3]), ([2, 4, 5, 3], [2, 3, 3, 2])]
SAME = [([1, 3, 4, 4], [1, 5, 4, 4]), ([3, 2, 2, 3], [3, 4, 2, 3]), ([2, 4, 3, 2], [2, 3, 3, 2])]
VECTORS = [([2, 5], [2, 3]), ([4, 3], [4, 6]), ([5, 4], [5, 4])]


class Parameters:
    """Draws parameters as a network asks for them, or gives those of a first pass again."""

    def __init__(self, seed=None, known=None):
        self.seed, self.known = seed, {} if known is None else known

    def __call__(self, name, *shape, shift=0.0):
        if self.seed is not None and name not in self.known:
            self.known[name] = draw(shape, self.seed + len(self.known), 0.5, shift)
        return self.known[name]

    def conv(self, name, x, out, kernel, bias=True):
        w = self(f"{name}.weight", out, x.shape[1], kernel, kernel)
        return F.conv2d(x, w, self(f"{name}.bias", out) if bias else None, padding=kernel // 2)

    def linear(self, name, x, out, bias=True):
        return F.linear(x, self(f"{name}.weight", out, x.shape[1]), self(f"{name}.bias", out) if bias else None)

    def norm(self, name, x):
        weight = self(f"{name}.weight", x.shape[1], shift=1)
        return F.batch_norm(x, None, None, weight, self(f"{name}.bias", x.shape[1]), training=True, eps=1e-5)


def pairs(shapes):
    for i, (s, t) in enumerate(shapes):
        yield label(s, t), draw(s, 100 + i), draw(t, 200 + i)


def to_smaller(s, t):
    if s.dim() != 4:
        return s, t
    size = [min(s.shape[i], t.shape[i]) for i in (2, 3)]
    return F.adaptive_avg_pool2d(s, size), F.adaptive_avg_pool2d(t, size)


def case(loss, name, options, students, teachers, network, seed=300, **extra):
    """network(parameters, students, teachers) -> scalar"""
    first = Parameters(seed)
    network(first, students, teachers)
    value = lambda ss, ts, w: network(Parameters(known=w), ss, ts)
    return make_case(loss, name, options, students, teachers, value, first.known) | {"tolerance": DEEP} | extra


def mgd(p, s, t, mask):
    s, t = to_smaller(s, t)
    k = t.shape[1]
    aligned = s if s.shape[1] == k else p.conv("align", s, k, 1)
    x = torch.relu(p.conv("generation.0", aligned * mask, k, 3))
    return ((p.conv("generation.2", x, k, 3) - t) ** 2).sum() / len(t)


def mgd_cases():
    for kind, share in (("channels", 0.25), ("places", 0.5)):
        for name, s, t in [*pairs(MAPS), ("same channels", draw([2, 3, 3, 3], 1), draw([2, 3, 3, 3], 2))]:
            small = to_smaller(s, t)[1]
            shape = [len(s), t.shape[1], 1, 1] if kind == "channels" else [len(s), 1, *small.shape[2:]]
            mask = (draw(shape, 5) > -0.5).double()
            network = lambda p, ss, ts: mgd(p, ss[0], ts[0], mask)
            masks = [entry(mask / (1 - share))]
            yield case("mgd", f"{kind} {name}", {"mask": kind, "share": share}, [s], [t], network, masks=masks)
    s, t = draw([2, 3, 4, 4], 3), draw([2, 4, 4, 4], 4)
    yield case("mgd", "nothing hidden", {"share": 0}, [s], [t], lambda p, ss, ts: mgd(p, ss[0], ts[0], 1))


def srd(p, s, t, exponent):
    s, t = to_smaller(s, t)
    k = t.shape[1]
    if s.dim() == 2:
        projected = F.linear(s, p("projector.weight", k, s.shape[1]))
    else:
        projected = F.conv2d(s, p("projector.weight", k, s.shape[1], 1, 1))
    z_s, z_t = (F.batch_norm(x, None, None, training=True, eps=1e-5) for x in (projected, t))
    return torch.log((z_s - z_t).abs().pow(exponent).sum() / len(s) + 1e-12)


def srd_cases():
    for exponent in (1, 3, 4):
        shapes = [*VECTORS[1:], *MAPS] if exponent == 4 else VECTORS[1:2]
        for name, s, t in pairs(shapes):
            network = lambda p, ss, ts: srd(p, ss[0], ts[0], exponent)
            yield case("srd", f"{name} exponent {exponent}", {"exponent": exponent}, [s], [t], network)


def ft(p, s, t, rate, reconstruction):
    k = t.shape[1]
    m = max(1, int(k * rate))

    def stack(name, x, channels, normalized=False):
        for i, out in enumerate(channels):
            x = p.conv(f"{name}.{i}", x, out, 3, not normalized)
            x = F.leaky_relu(p.norm(f"{name}.{i}.norm", x) if normalized else x, 0.1)
        return x

    factor = stack("paraphraser.encoder", t, [k, m, m])
    restored = stack("paraphraser.decoder", factor, [m, k, k])
    translated = stack("translator", s, [s.shape[1], m, m], True)
    a, b = (unit(x.flatten(1), 1) for x in to_smaller(translated, factor.detach()))
    return (a - b).abs().sum() / len(s) + reconstruction * ((restored - t) ** 2).sum() / len(t)


def ft_cases():
    for rate, reconstruction in ((0.5, 0.001), (0.75, 0.01)):
        for name, s, t in pairs(MAPS):
            options = {"rate": rate, "reconstruction": reconstruction}
            network = lambda p, ss, ts: ft(p, ss[0], ts[0], rate, reconstruction)
            yield case("ft", f"{name} rate {rate}", options, [s], [t], network)


def margin(weight, bias):
    margins = []
    for s, m in zip(weight.abs().tolist(), bias.tolist()):
        share = 0.5 * math.erfc(m / s / math.sqrt(2))
        density = math.exp(-((m / s) ** 2) / 2) / math.sqrt(2 * math.pi)
        margins.append(m - s * density / share if share > 0.001 else -3 * s)
    return torch.tensor(margins, dtype=torch.float64)[None, :, None, None]


def ofd(p, s, t, norm):
    c = p.norm("norm", p.conv("connector", s, t.shape[1], 1, False))
    u = torch.max(t, margin(*norm))
    return ((c - u) ** 2 * ((c > u) | (u > 0)).double()).sum() / len(s)


def ofd_cases():
    for name, s, t in pairs(SAME):
        norm = draw([t.shape[1]], 31, 0.5, 1), draw([t.shape[1]], 32, 0.5)
        network = lambda p, ss, ts: ofd(p, ss[0], ts[0], norm)
        yield with_norm(case("ofd", name, {}, [s], [t], network), norm)
    s, t = draw([2, 3, 3, 3], 1), draw([2, 4, 3, 3], 2)
    norm = torch.tensor([-1.0, 0.5, 1.0, 0.25]).double(), torch.tensor([0.5, 4.0, -1.5, 0.0]).double()
    network = lambda p, ss, ts: ofd(p, ss[0], ts[0], norm)
    yield with_norm(case("ofd", "rarely negative, negative weight", {}, [s], [t], network), norm)


def with_norm(made, norm):
    made["features"][0]["norm"] = {key: entry(x) for key, x in zip(("weight", "bias"), norm)}
    return made


def as_maps(x):
    return x[:, :, None, None] if x.dim() == 2 else x


def context_loss(s, t):
    h, w = s.shape[2:]
    loss, share, total = ((s - t) ** 2).sum(1).mean(), 1.0, 1.0
    for side in (4, 2, 1):
        if side < min(h, w):
            share /= 2
            total += share
            a, b = F.adaptive_avg_pool2d(s, side), F.adaptive_avg_pool2d(t, side)
            loss = loss + share * ((a - b) ** 2).sum(1).mean()
    return loss / total


def review(p, students, teachers, channels=None):
    inner = channels or min(512, students[-1].shape[1])
    total, deeper = 0, None
    for i, (s, t) in enumerate(zip(map(as_maps, students[::-1]), map(as_maps, teachers[::-1]))):
        x = p.norm(f"abf.{i}.conv1.1", p.conv(f"abf.{i}.conv1.0", s, inner, 1, False))
        if deeper is not None:
            y = F.interpolate(deeper, tuple(x.shape[2:]), mode="nearest")
            z = torch.sigmoid(p.conv(f"abf.{i}.att_conv", torch.cat([x, y], 1), 2, 1))
            x = x * z[:, :1] + y * z[:, 1:]
        deeper = F.interpolate(x, tuple(t.shape[2:]), mode="nearest")
        out = p.norm(f"abf.{i}.conv2.1", p.conv(f"abf.{i}.conv2.0", deeper, t.shape[1], 3, False))
        total = total + context_loss(out, t)
    return total


def drawn(shapes, seed):
    return [draw(x, seed + i) for i, x in enumerate(shapes)]


def review_cases():
    chains = [
        ([[1, 2, 6, 6], [1, 3, 3, 3]], [[1, 3, 6, 6], [1, 2, 3, 3]], {}),
        ([[3, 2, 5, 4], [3, 4, 3, 2], [3, 5]], [[3, 2, 4, 4], [3, 3, 2, 2], [3, 6]], {}),
        ([[2, 3, 8, 6], [2, 2, 4, 4]], [[2, 3, 5, 5], [2, 4, 5, 5]], {"channels": 2}),
        ([[4, 3]], [[4, 5]], {}),
    ]
    for s, t, options in chains:
        network = lambda p, ss, ts: review(p, ss, ts, options.get("channels"))
        yield case("review", label(*s, *t), options, drawn(s, 100), drawn(t, 200), network)


def semckd(p, students, teachers, factor):
    students, teachers = list(map(as_maps, students)), list(map(as_maps, teachers))
    n = len(students[0])
    d = max(1, n // factor)

    def embed(name, maps):
        x = maps.flatten(1)
        return unit(p.linear(f"{name}.linear2", torch.relu(p.linear(f"{name}.linear1", x @ x.T, 2 * d)), d), 1)

    def regress(name, x, k):
        for i, kernel in ((0, 1), (3, 3)):
            x = torch.relu(p.norm(f"{name}.{i + 1}", p.conv(f"{name}.{i}", x, 2 * k, kernel, False)))
        return p.conv(f"{name}.6", x, k, 1, False)

    keys = torch.stack([embed(f"key.{j}", t) for j, t in enumerate(teachers)], 2)
    queries = torch.stack([embed(f"query.{i}", s) for i, s in enumerate(students)], 1)
    attention = torch.softmax(torch.bmm(queries, keys), -1)
    total = 0
    for i, s in enumerate(students):
        for j, t in enumerate(teachers):
            a, b = to_smaller(s, t)
            error = F.mse_loss(regress(f"regressor.{i}.{j}", a, t.shape[1]), b, reduction="none").flatten(1).mean(1)
            total = total + (attention[:, i, j] * error).sum()
    return total / (n * len(students))


def semckd_cases():
    chains = [
        ([[8, 2, 4, 4], [8, 3, 2, 2]], [[8, 3, 4, 4], [8, 2, 2, 2]], {}),
        ([[3, 2, 4, 3], [3, 4]], [[3, 2, 3, 3], [3, 5]], {}),
        ([[4, 2, 3, 3]], [[4, 3, 2, 2]], {"factor": 2}),
    ]
    for s, t, options in chains:
        network = lambda p, ss, ts: semckd(p, ss, ts, options.get("factor", 4))
        yield case("semckd", label(*s, *t), options, drawn(s, 100), drawn(t, 200), network)


def cases():
    for make in (mgd_cases, srd_cases, ft_cases, ofd_cases, review_cases, semckd_cases):
        yield from make()


if __name__ == "__main__":
    write(__file__, "losses_adapters.json", list(cases()))
