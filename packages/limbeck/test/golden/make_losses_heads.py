#!/usr/bin/python3
"""Make losses_heads.json: golden values and gradients of losses on the ends of networks in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_losses_heads.py

A second run writes the same bytes. Both networks end in feature maps F [N, C, H, W], their average over places and a
linear layer W [K, C]; gradients are by the student's F and W. Formulas:

- "cat-kd" (Guo et al. 2023): maps M = sum_c W[k, c] F_c of all classes, pooled to size x size, divided by their length
  where "normalize"; |M_s - M_t|^2 summed over classes and places, averaged over samples.
- "cam" (Parchami-Araghi et al. 2024): Grad-CAM g of the teacher's most probable class, computed with autograd:
  relu(sum_k mean(d logit / d F_k) F_k); 1 - cos(g_s, g_t), averaged over samples; different sizes are pooled.
- "srrl" (Yang et al. 2021): f = mean over places of relu(BN(conv(F_s))), compared with the mean of F_t: "features" times
  |f_s - f_t|^2 plus "answers" times the squared difference of the answers of the teacher's classifier, with any bias.
- "saliency" (Srinivas & Fleuret 2018): 1 - cos of input gradients, or of their sizes added up over channels.
- "simkd" (Chen et al. 2022): maps q = three convolutions (1, 3, 1) of F_s, without bias, each with batch norm and ReLU,
  the inner ones with C_t // factor channels; |q - F_t|^2, summed over features, averaged over samples.
"""
import torch
from torch.nn import functional as F

from loss_cases import DEEP, constant, draw, entry, flat, label, unit, write

SHAPES = [([1, 3, 4, 4], [1, 5, 4, 4], 4), ([3, 2, 4, 6], [3, 4, 2, 3], 5), ([2, 4, 5, 3], [2, 3, 3, 2], 3)]


def logits(maps, weight):
    return F.linear(maps.mean((2, 3)), weight)


def class_maps(maps, weight, size, normalize):
    m = F.adaptive_avg_pool2d(torch.einsum("kc,nchw->nkhw", weight, maps), size)
    return unit(m.flatten(2), 2).reshape(m.shape) if normalize else m


def cat_kd(s, t, size, normalize):
    m_s, m_t = (class_maps(*x, size, normalize) for x in (s, t))
    return ((m_s - m_t) ** 2).sum() / len(m_s)


def grad_cam(maps, weight, classes):
    inner = maps if maps.requires_grad else maps.clone().requires_grad_(True)
    chosen = logits(inner, weight).gather(1, classes[:, None]).sum()
    (slope,) = torch.autograd.grad(chosen, inner, create_graph=True)
    return torch.relu((slope.mean((2, 3), keepdim=True) * inner).sum(1, keepdim=True))


def cam(s, t):
    classes = logits(*t).argmax(1)
    g_s, g_t = grad_cam(*s, classes), grad_cam(*t, classes).detach()
    size = [min(g_s.shape[i], g_t.shape[i]) for i in (2, 3)]
    # Autograd's mean makes the maps H W times smaller than W F: lengths do not count, but must not vanish.
    g_s, g_t = (F.adaptive_avg_pool2d(g, size).flatten(1) for g in (g_s, g_t))
    return 1 - (unit(g_s, 1) * unit(g_t, 1)).sum(1).mean()


def srrl(maps, teacher, p, features=0.004, answers=0.05):
    x = F.conv2d(maps, p["connector.weight"])
    x = torch.relu(F.batch_norm(x, None, None, p["norm.weight"], p["norm.bias"], training=True, eps=1e-5))
    f_s, f_t = x.mean((2, 3)), teacher[0].mean((2, 3))
    bias = torch.ones(len(teacher[1]), dtype=x.dtype)
    a_s, a_t = F.linear(f_s, teacher[1], bias), F.linear(f_t, teacher[1], bias)
    return (features * ((f_s - f_t) ** 2).sum() + answers * ((a_s - a_t) ** 2).sum()) / len(maps)


def normalized(x, p, name, running):
    mean, var = running[f"{name}.running_mean"], running[f"{name}.running_var"]
    return F.batch_norm(x, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training=True, momentum=0.1, eps=1e-5)


def simkd(maps, teacher, p, running):
    size = [min(maps.shape[i], teacher[0].shape[i]) for i in (2, 3)]
    x, target = (F.adaptive_avg_pool2d(m, size) for m in (maps, teacher[0]))
    for i, padding in ((0, 0), (3, 1), (6, 0)):
        x = F.conv2d(x, p[f"projector.{i}.weight"], padding=padding)
        x = torch.relu(normalized(x, p, f"projector.{i + 1}", running))
    return ((x - target) ** 2).sum() / len(maps)


def simkd_cases():
    for factor in (2, 4):
        cases = [x for x in networks() if x[0] != "constant student"]  # nothing is left of it but rounding
        for name, s, t in cases[: 9 if factor == 2 else 1]:
            (c, k), inner = (s[0].shape[1], t[0].shape[1]), max(1, t[0].shape[1] // factor)
            p, buffers = {}, {}
            for i, (outs, ins, kernel) in zip((0, 3, 6), ((inner, c, 1), (inner, inner, 3), (k, inner, 1))):
                norm = f"projector.{i + 1}"
                p[f"projector.{i}.weight"] = draw([outs, ins, kernel, kernel], 40 + i, 0.5)
                p[f"{norm}.weight"], p[f"{norm}.bias"] = draw([outs], 50 + i, 0.5, 1), draw([outs], 60 + i, 0.5)
                buffers[f"{norm}.running_mean"] = draw([outs], 70 + i)
                buffers[f"{norm}.running_var"] = draw([outs], 80 + i).abs() + 1
            running = {key: x.clone() for key, x in buffers.items()}
            value = lambda a, b, w: simkd(a[0], b, w, running)
            case = make("simkd", f"{name} factor {factor}", {"factor": factor}, s, t, value, p)
            next_of = lambda key: {"next": flat(running[key])}
            yield case | {"tolerance": DEEP, "buffers": {key: entry(x) | next_of(key) for key, x in buffers.items()}}


def make(loss, name, options, student, teacher, value_of, parameters=None):
    leaves = [x.clone().requires_grad_(True) for x in student]
    weights = {key: x.clone().requires_grad_(True) for key, x in (parameters or {}).items()}
    value = value_of(leaves, teacher, weights)
    grads = torch.autograd.grad(value, [*leaves, *weights.values()], allow_unused=True)
    answers = logits(*teacher)
    return {
        "name": f"{loss} {name}",
        "loss": loss,
        "options": options,
        "teacherLogits": {"shape": list(answers.shape), "data": flat(answers)},
        "heads": {
            "student": {key: entry(x, g) for key, x, g in zip(("maps", "weight"), leaves, grads)},
            "teacher": {key: entry(x) for key, x in zip(("maps", "weight"), teacher)},
        },
        "parameters": {key: entry(x, g) for (key, x), g in zip(weights.items(), grads[2:])},
        "value": value.item() + 0,
    }


def networks():
    for i, (s, t, classes) in enumerate(SHAPES):
        heads = [(draw(x, 100 * j + i), draw([classes, x[1]], 100 * j + 50 + i)) for j, x in ((1, s), (2, t))]
        yield label(s, t), *heads
    weight = draw([4, 3], 9)
    teacher = (draw([2, 3, 4, 4], 7), draw([4, 3], 8))
    yield "constant student", (constant([2, 3, 4, 4], 0.5), weight), teacher
    yield "zero student", (constant([2, 3, 4, 4], 0), weight), teacher
    yield "scaled", (2 * teacher[0], 3 * teacher[1]), teacher


def saliency(s, t, kind):
    flatten = lambda x: unit((x.abs().sum(1) if kind == "magnitude" else x).flatten(1), 1)
    return 1 - (flatten(s) * flatten(t)).sum(1).mean()


def saliency_cases():
    for kind in ("magnitude", "gradient"):
        for shape in ([1, 3, 4, 4], [3, 1, 5, 3], [2, 2, 2, 2]):
            s, t = draw(shape, 1), draw(shape, 2)
            yield saliency_case(f"{kind} {label(shape)}", kind, s, t)
        yield saliency_case(f"{kind} scaled", kind, 3 * t, t)
        yield saliency_case(f"{kind} zero teacher", kind, s, constant(shape, 0))


def saliency_case(name, kind, s, t):
    leaf = s.clone().requires_grad_(True)
    value = saliency(leaf, t, kind)
    (grad,) = torch.autograd.grad(value, leaf)
    slopes = {"student": entry(leaf, grad), "teacher": entry(t)}
    return {"name": f"saliency {name}", "loss": "saliency", "options": {"map": kind}, "saliency": slopes, "value": value.item()}


def cases():
    for options in ({}, {"normalize": True}, {"size": 1}):
        size, normalize = options.get("size", 2), options.get("normalize", False)
        for name, s, t in networks():
            title = " ".join([name, *(f"{k} {v}" for k, v in options.items())])
            yield make("cat-kd", title, options, s, t, lambda a, b, _, n=size, m=normalize: cat_kd(a, b, n, m))
    for name, s, t in networks():
        yield make("cam", name, {}, s, t, lambda a, b, _: cam(a, b))
    for options in ({}, {"features": 0.05, "answers": 0.2}):
        for name, s, t in networks():
            k, c = t[0].shape[1], s[0].shape[1]
            parameters = {
                "connector.weight": draw([k, c, 1, 1], 31, 0.5),
                "norm.weight": draw([k], 32, 0.5, 1),
                "norm.bias": draw([k], 33, 0.5),
            }
            title = " ".join([name, *(f"{key} {v}" for key, v in options.items())])
            value = lambda a, b, p, o=options: srrl(a[0], b, p, **o)
            yield make("srrl", title, options, s, t, value, parameters)
    yield from simkd_cases()
    yield from saliency_cases()


if __name__ == "__main__":
    write(__file__, "losses_heads.json", list(cases()))
