#!/usr/bin/python3
"""Make losses_feature.json: golden values and gradients of feature losses in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_losses_feature.py

A second run writes the same bytes. All are summed over features and averaged over samples (for tokens and maps where
said: over tokens or places). Parameters have PyTorch's layouts. Formulas:

- "fitnets" (Romero et al. 2015, eq. 3 without 1/2): |r(s) - t|^2; r a convolution (stride 2, kernel 3; transposed,
  stride 2, kernel 4; or kernel 1 + difference of sizes) or Linear; "normalized": then batch norm, ReLU.
- "at" (Zagoruyko & Komodakis 2017): |q_s - q_t|^2, q = mean over channels of |F|^p, flattened, over its length.
- "nst" (Huang & Wang 2017, eq. 4-8): MMD^2 with kernel (u.v)^2 between channels over their lengths.
- "fsp" (Yim et al. 2017): |G_s - G_t|^2 summed over successive layers, G = mean over places of F_i outer F_(i+1).
- "ab" (Heo et al. 2019, eq. 4): t > 0: relu(m - s)^2, else relu(m + s)^2, with a connector (convolution, batch norm).
- "vid" (Ahn et al. 2019, eq. 5-6): ((t - r(s))^2 / v + log v) / 2, v = softplus(log_scale) + 1e-5 by channel.
- "cosine" (Sanh et al. 2019): 1 - cos, mean over samples, tokens, places.
- "hidden" (Jiao et al. 2020, eq. 8): |s W - t|^2, mean over samples, tokens, places.
- "attention-scores" (Jiao et al. 2020, eq. 7): |s - t|^2, scores <= -100 taken as 0, mean over samples and queries.
- "attention-distribution" (Wang et al. 2020, eq. 5): KL of softmax over keys, mean over samples, heads, queries.
- "minilm-relation" (Wang et al. 2021, eq. 5-7): KL of softmax(X X^T / sqrt d) by heads, mean as above.
- "patient" (Sun et al. 2019, eq. 7): |s / |s| - t / |t||^2 of the first token.
"""
import math

import torch
from torch.nn import functional as F

from loss_cases import constant, draw, label, make_case, unit, write

MAPS = [([1, 3, 4, 4], [1, 5, 4, 4]), ([3, 2, 4, 6], [3, 4, 2, 3]), ([2, 4, 5, 3], [2, 3, 3, 2])]
VECTORS = [([1, 5], [1, 3]), ([4, 3], [4, 6]), ([2, 4], [2, 4])]
TOKENS = [([2, 3, 4], [2, 3, 6])]


def pooled(s, t):
    """Both at the smaller height and width."""
    if s.dim() != 4:
        return s, t
    size = [min(s.shape[i], t.shape[i]) for i in (2, 3)]
    return F.adaptive_avg_pool2d(s, size), F.adaptive_avg_pool2d(t, size)


def squares(s, t, samples=None):
    return ((s - t) ** 2).sum() / (samples or len(s))


def places(x):
    """[places, features]"""
    return (x.permute(0, 2, 3, 1) if x.dim() == 4 else x).reshape(-1, width(x))


def width(x):
    return x.shape[1] if x.dim() == 4 else x.shape[-1]


def drawn(seed, **shapes):
    return {name.replace("__", "."): draw(shape, seed + i, 0.5) for i, (name, shape) in enumerate(shapes.items())}


def pairs(shapes):
    for i, (s, t) in enumerate(shapes):
        yield label(s, t), draw(s, 100 + i), draw(t, 200 + i)


def single(loss, value):
    """A loss of one pair without parameters, as a maker of cases."""
    return lambda name, options, s, t: make_case(loss, name, options, [s], [t], lambda ss, ts, _: value(ss[0], ts[0]))


# FitNets and AB: the regressors


def regressor_shape(s, t):
    if s.dim() != 4:
        return [width(t), width(s)]
    (h, w), (th, tw) = s.shape[2:], t.shape[2:]
    if (h, w) == (2 * th, 2 * tw):
        return [t.shape[1], s.shape[1], 3, 3]
    if (2 * h, 2 * w) == (th, tw):
        return [s.shape[1], t.shape[1], 4, 4]
    return [t.shape[1], s.shape[1], 1 + h - th, 1 + w - tw]


def regress(s, t, weight, bias):
    if s.dim() != 4:
        return F.linear(s, weight, bias)
    if s.shape[2] == 2 * t.shape[2] and s.shape[3] == 2 * t.shape[3]:
        return F.conv2d(s, weight, bias, stride=2, padding=1)
    if 2 * s.shape[2] == t.shape[2]:
        return F.conv_transpose2d(s, weight, bias, stride=2, padding=1)
    return F.conv2d(s, weight, bias)


def normalize(x, p):
    return F.batch_norm(x, None, None, p["norm.weight"], p["norm.bias"], training=True, eps=1e-5)


def fitnets(s, t, p, kind):
    r = regress(s, t, p["regressor.weight"], p["regressor.bias"])
    return squares(torch.relu(normalize(r, p)) if kind == "normalized" else r, t)


def fitnets_cases():
    half = ([2, 3, 2, 3], [2, 2, 4, 6])
    for kind in ("convolution", "normalized"):
        shapes = [*MAPS, half, VECTORS[1]] if kind == "normalized" else [*MAPS, half, *VECTORS, *TOKENS]
        for name, s, t in pairs(shapes):
            p = drawn(300, regressor__weight=regressor_shape(s, t), regressor__bias=[width(t)])
            if kind == "normalized":
                p |= drawn(310, norm__weight=[width(t)], norm__bias=[width(t)])
            value = lambda ss, ts, w, k=kind: fitnets(ss[0], ts[0], w, k)
            yield make_case("fitnets", f"{kind} {name}", {"regressor": kind}, [s], [t], value, p)
    s, t = constant([4, 3], 0.5), draw([4, 6], 201)
    p = drawn(300, regressor__weight=[6, 3], regressor__bias=[6])
    yield make_case("fitnets", "constant", {}, [s], [t], lambda ss, ts, w: fitnets(ss[0], ts[0], w, ""), p)
    s, t = draw([3, 2, 2, 2], 102), draw([3, 2, 2, 2], 202)
    yield single("fitnets", squares)("none", {"regressor": "none"}, s, t)


def ab(s, t, margin):
    return torch.where(t > 0, torch.relu(margin - s) ** 2, torch.relu(margin + s) ** 2).sum() / len(s)


def ab_cases():
    for name, s, t in pairs([*MAPS, VECTORS[1]]):
        p = drawn(400, connector__weight=regressor_shape(s, t), norm__weight=[width(t)], norm__bias=[width(t)])
        value = lambda ss, ts, w: ab(normalize(regress(ss[0], ts[0], w["connector.weight"], None), w), ts[0], 1)
        yield make_case("ab", name, {}, [s], [t], value, p)
        p = drawn(400, connector__weight=regressor_shape(s, t), connector__bias=[width(t)])
        value = lambda ss, ts, w: ab(regress(ss[0], ts[0], w["connector.weight"], w["connector.bias"]), ts[0], 1)
        yield make_case("ab", f"plain {name}", {"connector": "convolution"}, [s], [t], value, p)
    s, t = draw([4, 6], 101, 2.0), draw([4, 6], 201)
    t[0] = 0
    for margin in (0.5, 1):
        case = single("ab", lambda a, b, m=margin: ab(a, b, m))
        yield case(f"margin {margin}", {"margin": margin, "connector": "none"}, s, t)
    yield single("ab", lambda a, b: ab(a, b, 1))("constant", {"connector": "none"}, constant([4, 6], 0.5), t)


# Maps


def attention(x, p):
    return unit(x.abs().pow(p).mean(1).flatten(1), 1)


def at(s, t, p):
    s, t = pooled(s, t)
    return squares(attention(s, p), attention(t, p))


def at_cases():
    for p in (1, 2, 3):
        case = single("at", lambda s, t, p=p: at(s, t, p))
        for name, s, t in pairs(MAPS):
            yield case(f"p {p} {name}", {"power": p}, s, t)
    case = single("at", lambda s, t: at(s, t, 2))
    s, t = draw([3, 2, 4, 4], 101), draw([3, 4, 4, 4], 201)
    yield case("constant student", {}, constant(s.shape, -0.5), t)
    yield case("zero student", {}, constant(s.shape, 0), t)
    yield case("scaled", {}, 5 * s, s)


def kernel(a, b):
    return torch.einsum("nip,njp->nij", a, b).pow(2).mean((1, 2))


def nst(s, t):
    s, t = (unit(x.flatten(2), 2) for x in pooled(s, t))
    return (kernel(t, t) + kernel(s, s) - 2 * kernel(s, t)).mean()


def nst_cases():
    case = single("nst", nst)
    for name, s, t in pairs(MAPS):
        yield case(name, {}, s, t)
    s, t = draw([3, 2, 4, 4], 101), draw([3, 4, 4, 4], 201)
    yield case("constant student", {}, constant(s.shape, 0.5), t)
    yield case("zero student", {}, constant(s.shape, 0), t)
    yield case("scaled", {}, 5 * s, s)


def flow(a, b):
    a, b = pooled(a, b)
    return torch.einsum("nihw,njhw->nij", a, b) / (a.shape[2] * a.shape[3])


def fsp(s, t):
    return sum(squares(flow(s[i], s[i + 1]), flow(t[i], t[i + 1])) for i in range(len(s) - 1))


def fsp_cases():
    chains = [
        ([[1, 2, 4, 4], [1, 3, 4, 4]], [[1, 2, 4, 4], [1, 3, 4, 4]]),
        ([[3, 2, 4, 6], [3, 4, 2, 3]], [[3, 2, 4, 4], [3, 4, 3, 3]]),
        ([[2, 2, 4, 4], [2, 3, 2, 2], [2, 2, 1, 2]], [[2, 2, 5, 3], [2, 3, 3, 3], [2, 2, 2, 2]]),
    ]
    for shapes_s, shapes_t in chains:
        s = [draw(x, 100 + i) for i, x in enumerate(shapes_s)]
        t = [draw(x, 200 + i) for i, x in enumerate(shapes_t)]
        yield make_case("fsp", label(shapes_s[-1], shapes_t[-1]), {}, s, t, lambda ss, ts, _: fsp(ss, ts))
    flat = [constant([2, 2, 3, 3], 0.5), constant([2, 2, 3, 3], 0.5)]
    yield make_case("fsp", "constant", {}, flat, [draw([2, 2, 3, 3], 7), draw([2, 2, 3, 3], 8)], lambda ss, ts, _: fsp(ss, ts))


# Anything with features


def apply(x, weight, bias=None):
    return F.conv2d(x, weight, bias) if x.dim() == 4 else F.linear(x, weight, bias)


def weight_shape(x, out):
    return [out, width(x), 1, 1] if x.dim() == 4 else [out, width(x)]


def vid(s, t, p):
    s, t = pooled(s, t)
    x = torch.relu(apply(s, p["regressor.0.weight"]))
    x = torch.relu(apply(x, p["regressor.2.weight"]))
    x = apply(x, p["regressor.4.weight"])
    v = F.softplus(p["log_scale"]) + 1e-5
    v = v.reshape(1, -1, 1, 1) if t.dim() == 4 else v
    return 0.5 * ((x - t) ** 2 / v + v.log()).sum() / len(t)


def vid_cases():
    for name, s, t in pairs(MAPS + VECTORS + TOKENS):
        k = width(t)
        square = [k, k, 1, 1] if t.dim() == 4 else [k, k]
        p = drawn(
            500, log_scale=[k], regressor__0__weight=weight_shape(s, k), regressor__2__weight=square,
            regressor__4__weight=square,
        )
        yield make_case("vid", name, {}, [s], [t], lambda ss, ts, w: vid(ss[0], ts[0], w), p)


def cosine(s, t):
    s, t = pooled(s, t)
    return 1 - (unit(places(s), 1) * unit(places(t), 1)).sum(1).mean()


def adapted(s, w):
    return apply(s, w["adapter.weight"], w["adapter.bias"]) if w else s


def cosine_cases():
    for name, s, t in pairs(MAPS + VECTORS + TOKENS):
        k = width(t)
        p = {} if width(s) == k else drawn(600, adapter__weight=weight_shape(s, k), adapter__bias=[k])
        yield make_case("cosine", name, {}, [s], [t], lambda ss, ts, w: cosine(adapted(ss[0], w), ts[0]), p)
    case = single("cosine", cosine)
    yield case("zero student", {}, constant([3, 4], 0), draw([3, 4], 201))
    yield case("scaled", {}, 4 * draw([3, 4], 201), draw([3, 4], 201))


def hidden(s, t, p):
    s, t = pooled(s, t)
    return squares(places(apply(s, p["projection.weight"])), places(t))


def hidden_cases():
    for name, s, t in pairs(MAPS + VECTORS + TOKENS):
        p = drawn(700, projection__weight=weight_shape(s, width(t)))
        yield make_case("hidden", name, {}, [s], [t], lambda ss, ts, w: hidden(ss[0], ts[0], w), p)


# Transformers

SCORES = [[1, 2, 3, 3], [3, 2, 4, 4], [2, 3, 2, 2]]


def attention_scores(s, t):
    s, t = (torch.where(x <= -100, torch.zeros_like(x), x) for x in (s, t))
    return ((s - t) ** 2).sum() / (s.shape[0] * s.shape[2])


def attention_scores_cases():
    case = single("attention-scores", attention_scores)
    for name, s, t in pairs([(x, x) for x in SCORES]):
        yield case(name, {}, s, t)
    s, t = draw([2, 2, 3, 3], 101), draw([2, 2, 3, 3], 201)
    s[..., -1], t[..., -1] = -10000, -10000
    yield case("masked", {}, s, t)


def attention_distribution(s, t):
    q, p = F.log_softmax(s, -1), F.log_softmax(t, -1)
    return (p.exp() * (p - q)).sum(-1).mean()


def attention_distribution_cases():
    case = single("attention-distribution", attention_distribution)
    for name, s, t in pairs([(x, x) for x in SCORES]):
        yield case(name, {}, s, t)
    s, t = draw([2, 2, 3, 3], 101), draw([2, 2, 3, 3], 201)
    s[..., -1], t[..., -1] = -10000, -10000
    yield case("masked", {}, s, t)
    yield case("constant student", {}, constant(t.shape, 2), t)


def relation(x, heads):
    n, length, d = x.shape
    x = x.reshape(n, length, heads, d // heads).transpose(1, 2)
    return x @ x.transpose(-1, -2) / math.sqrt(d // heads)


def minilm_cases():
    for heads in (1, 2):
        value = lambda s, t, h=heads: attention_distribution(relation(s, h), relation(t, h))
        case = single("minilm-relation", value)
        for name, s, t in pairs([([1, 3, 4], [1, 3, 6]), ([3, 4, 6], [3, 4, 6]), ([2, 2, 8], [2, 2, 4])]):
            yield case(f"{heads} heads {name}", {"heads": heads}, s, t)
        yield case(f"{heads} heads constant", {"heads": heads}, constant([2, 3, 4], 0.5), draw([2, 3, 6], 201))


def patient(s, t):
    s, t = (x[:, 0] if x.dim() == 3 else x for x in (s, t))
    return squares(unit(s, 1), unit(t, 1))


def patient_cases():
    case = single("patient", patient)
    for name, s, t in pairs([([1, 3, 4], [1, 2, 4]), ([3, 4, 6], [3, 4, 6]), ([4, 5], [4, 5])]):
        yield case(name, {}, s, t)
    yield case("zero student", {}, constant([3, 4], 0), draw([3, 4], 201))
    yield case("scaled", {}, 4 * draw([3, 4], 201), draw([3, 4], 201))


FAMILIES = [
    fitnets_cases, ab_cases, at_cases, nst_cases, fsp_cases, vid_cases, cosine_cases, hidden_cases,
    attention_scores_cases, attention_distribution_cases, minilm_cases, patient_cases,
]

if __name__ == "__main__":
    write(__file__, "losses_feature.json", [case for family in FAMILIES for case in family()])
