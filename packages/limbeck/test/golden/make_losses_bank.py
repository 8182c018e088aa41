#!/usr/bin/python3
"""Make losses_bank.json: golden values and gradients of losses with a memory, in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_losses_bank.py

A second run writes the same bytes. Each case also holds what is remembered before the step and after it ("next").

- "crd" (Tian et al. 2020), written sample by sample from the published description. e = unit(W flatten(f) + b) for both
  sides. For the sample i: P(j) = exp(e_i . m_j / T) / Z with the other side's memory m; its positive is m_i; its
  negatives are the drawn rows j, less those of its class (or itself); m = "negatives", n = samples:
  -log(P(i) / (P(i) + m / n)) - m * mean over negatives of log((m / n) / (P(j) + m / n)), mean over samples; both sides
  added up. Z, where unset (-1): n * mean over the batch of (exp of positive + m * mean of exp of negatives) / (m + 1),
  a constant. Then m_i becomes unit(momentum * m_i + (1 - momentum) * e_i).
- "seed-queue" (Fang et al. 2021): KL(softmax([t.t, t.Q] / T_t) || softmax([s.t, s.Q] / T_s)), mean over samples, with
  t = unit(mean over places), s = unit(W (mean over places) + b); the queue's rows from "oldest" on become t.
"""
import torch
from torch.nn import functional as F

from loss_cases import constant, draw, entry, flat, label, make_case, unit, write

DIMENSIONS = 4
SAMPLES = 6
CLASSES = [0, 1, 2, 0, 1, 1]


def integers(count, below, seed):
    return torch.randint(below, (count,), generator=torch.Generator().manual_seed(seed)).tolist()


def directions(shape, seed):
    return torch.round(unit(draw(shape, seed), 1) * 1e4) / 1e4


def remembered(before, after):
    return {**entry(before), "next": flat(after)}


# CRD


def embed(features, weight, bias):
    return unit(F.linear(features.flatten(1), weight, bias), 1)


class Crd:
    def __init__(self, indices, draws, same_class, negatives, temperature, momentum, normalizers):
        self.indices, self.temperature, self.momentum, self.count = indices, temperature, momentum, negatives
        self.memory = {side: directions([SAMPLES, DIMENSIONS], seed) for side, seed in (("student", 20), ("teacher", 21))}
        self.normalizers = dict(zip(("student", "teacher"), normalizers))
        rows = range(SAMPLES) if draws is None else draws
        same = (lambda i, j: CLASSES[i] == CLASSES[j]) if same_class else (lambda i, j: i == j)
        self.negatives = [[j for j in rows if not same(i, j)] for i in indices]

    def embeddings(self, s, t, p):
        return {
            "student": embed(s, p["student.weight"], p["student.bias"]),
            "teacher": embed(t, p["teacher.weight"], p["teacher.bias"]),
        }

    def exponentials(self, side, embedding):
        """For each sample of its positive, and of its negatives."""
        memory = self.memory["teacher" if side == "student" else "student"]
        for k, i in enumerate(self.indices):
            to = lambda j: torch.exp(embedding[k] @ memory[j] / self.temperature)
            yield to(i), [to(j) for j in self.negatives[k]]

    def normalizer(self, side, embedding):
        known = self.normalizers[side]
        if known > 0:
            return known
        m = self.count
        means = [
            (own + (m * sum(others) / len(others) if others else 0)) / (m + 1)
            for own, others in self.exponentials(side, embedding)
        ]
        return SAMPLES * (sum(means) / len(means)).item()

    def one_side(self, side, embedding):
        z, noise, total = self.normalizer(side, embedding), self.count / SAMPLES, 0
        for own, others in self.exponentials(side, embedding):
            total = total - torch.log((own / z) / (own / z + noise))
            logs = [torch.log(noise / (other / z + noise)) for other in others]
            total = total - (self.count * sum(logs) / len(logs) if logs else 0)
        return total / len(self.indices)

    def value(self, s, t, p):
        return sum(self.one_side(side, e) for side, e in self.embeddings(s, t, p).items())

    def buffers(self, s, t, p):
        result = {}
        for side, e in self.embeddings(s, t, p).items():
            after = self.memory[side].clone()
            for k, i in enumerate(self.indices):
                after[i] = unit(self.momentum * self.memory[side][i] + (1 - self.momentum) * e[k], 0)
            result[f"memory.{side}"] = remembered(self.memory[side], after)
            z = constant([1], self.normalizer(side, e))
            result[f"normalizer.{side}"] = remembered(constant([1], self.normalizers[side]), z)
        return result


def crd_case(name, s, t, indices, draws=None, normalizers=(-1, -1), **options):
    full = {"negatives": 8, "from": "other-classes", "temperature": 0.07, "momentum": 0.5, **options}
    same_class = full["from"] == "other-classes"
    crd = Crd(indices, draws, same_class, full["negatives"], full["temperature"], full["momentum"], normalizers)
    p = {
        "student.weight": draw([DIMENSIONS, s[0].numel()], 30, 0.5),
        "student.bias": draw([DIMENSIONS], 31, 0.5),
        "teacher.weight": draw([DIMENSIONS, t[0].numel()], 32, 0.5),
        "teacher.bias": draw([DIMENSIONS], 33, 0.5),
    }
    given = {"dimensions": DIMENSIONS, "negatives": full["negatives"], **options}
    case = make_case("crd", name, given, [s], [t], lambda ss, ts, w: crd.value(ss[0], ts[0], w), p)
    seen = {"labels": [CLASSES[i] for i in indices], "sampleIndices": indices, "sampleLabels": CLASSES}
    drawn = {} if draws is None else {"draws": [draws]}
    return {**case, **seen, "sampleCount": SAMPLES, **drawn, "buffers": crd.buffers(s, t, p)}


def crd_cases():
    shapes = [([1, 3], [1, 5]), ([4, 6], [4, 3]), ([3, 2, 2, 3], [3, 4, 3, 1])]
    for s, t in shapes:
        student, teacher = draw(s, 100 + s[0]), draw(t, 200 + s[0])
        indices = [4, 0, 2, 3][: s[0]]
        for start, z in (("first step", (-1, -1)), ("later", (9.5, 14.25))):
            name = f"{label(s, t)} {start}"
            drawn = integers(5, SAMPLES, 7)
            yield crd_case(f"{name}, whole set", student, teacher, indices, None, z)
            yield crd_case(f"{name}, drawn", student, teacher, indices, drawn, z, negatives=5)
            anyone = {"from": "other-samples"}
            yield crd_case(f"{name}, any others", student, teacher, indices, None, z, **anyone)
            yield crd_case(f"{name}, any others, drawn", student, teacher, indices, drawn, z, negatives=5, **anyone)
    s, t, z = draw([4, 6], 104), draw([4, 3], 204), (9.5, 14.25)
    indices = [5, 1, 0, 2]
    yield crd_case("as many as there are", s, t, indices, None, z, negatives=SAMPLES)
    yield crd_case("one negative, of the same class for some", s, t, indices, [1], z, negatives=1)
    yield crd_case("warm, without momentum", s, t, indices, None, z, temperature=0.5, momentum=0)
    yield crd_case("cold", s, t, indices, None, (-1, -1), temperature=0.02)
    yield crd_case("equal features", constant([4, 6], 0.5), constant([4, 3], -1), indices)


# SEED


def averaged(x):
    return x if x.dim() == 2 else x.mean(1) if x.dim() == 3 else x.mean((2, 3))


def seed_case(name, s, t, queue, oldest, student_temperature=0.2, teacher_temperature=0.01, **options):
    theirs = unit(averaged(t), 1)
    p = {
        "projection.weight": draw([theirs.shape[1], averaged(s).shape[1]], 40, 0.5),
        "projection.bias": draw([theirs.shape[1]], 41, 0.5),
    }

    def value(ss, ts, w):
        ours = unit(F.linear(averaged(ss[0]), w["projection.weight"], w["projection.bias"]), 1)
        target = torch.softmax(torch.cat([(theirs * theirs).sum(1, keepdim=True), theirs @ queue.T], 1) / teacher_temperature, 1)
        answer = torch.cat([(ours * theirs).sum(1, keepdim=True), ours @ queue.T], 1) / student_temperature
        return F.kl_div(F.log_softmax(answer, 1), target, reduction="batchmean")

    after = queue.clone()
    for k, row in enumerate(theirs):
        after[(oldest + k) % len(queue)] = row
    place = remembered(constant([1], oldest), constant([1], (oldest + len(t)) % len(queue)))
    buffers = {"queue": remembered(queue, after), "oldest": place}
    case = make_case("seed-queue", name, options, [s], [t], value, p)
    return {**case, "sampleCount": 100, "buffers": buffers}


def seed_cases():
    shapes = [([1, 5], [1, 3]), ([4, 3], [4, 6]), ([3, 2, 2, 3], [3, 4, 3, 1]), ([2, 3, 4], [2, 5, 6])]
    warm = {"studentTemperature": 0.5, "teacherTemperature": 0.3}
    for s, t in shapes:
        student, teacher = draw(s, 100 + s[0]), draw(t, 200 + s[0])
        queue = directions([7, t[2] if len(t) == 3 else t[1]], 50)
        yield seed_case(label(s, t), student, teacher, queue, 2, size=7)
        yield seed_case(f"{label(s, t)}, warm, around the end", student, teacher, queue, 6, 0.5, 0.3, size=7, **warm)
    s, t = draw([4, 3], 104), draw([4, 6], 204)
    yield seed_case("as large as the batch", s, t, directions([4, 6], 51), 0, size=2)
    yield seed_case("equal features", constant([4, 3], 0.5), constant([4, 6], -1), directions([7, 6], 52), 5, size=7)
    again = directions([7, 6], 53)
    again[3] = unit(t, 1)[1]
    yield seed_case("met before", s, t, again, 0, size=7)


if __name__ == "__main__":
    write(__file__, "losses_bank.json", [*crd_cases(), *seed_cases()])
