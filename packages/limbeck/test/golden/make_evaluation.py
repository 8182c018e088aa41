#!/usr/bin/python3
"""Make evaluation.json: what models are judged by when they are compared, in float64.

Run it with a Python that has NumPy, without arguments:

    /usr/bin/python3 make_evaluation.py

A second run writes the same bytes. Every figure is written from its definition, by other means than the library's: Wilson's
interval as the two roots of the quadratic equation that defines it, McNemar's p as a sum of binomial coefficients in whole
numbers, precision and recall from the confusion matrix, the temperature by golden-section search over the likelihood itself.
Logits are multiples of 1/64, which float32 holds exactly.
"""
import json
from fractions import Fraction
from math import comb, log
from pathlib import Path
from statistics import NormalDist

import numpy as np

Z = NormalDist().inv_cdf(0.975)


def wilson(k, n):
    """Both p with (k/n - p)^2 = z^2 p (1 - p) / n."""
    share = k / n
    roots = np.roots([1 + Z * Z / n, -2 * share - Z * Z / n, share * share])
    return sorted(float(root.real) for root in roots)


def mcnemar(b, c):
    n, k = b + c, min(b, c)
    if n == 0:
        return 1.0
    return float(min(Fraction(1), 2 * sum(Fraction(comb(n, i), 2**n) for i in range(k + 1))))


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def nll(z, y):
    p = softmax(z)[np.arange(len(y)), y]
    return float(-np.log(p).mean())


def ece(z, y):
    p = softmax(z)
    confidence, right = p.max(-1), p.argmax(-1) == y
    total = 0.0
    for i in range(15):
        inside = (confidence > i / 15) & (confidence <= (i + 1) / 15)
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(total)


def golden_section(f, low, high):
    ratio = (5**0.5 - 1) / 2
    while high - low > 1e-9:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if f(a) < f(b):
            high = b
        else:
            low = a
    return (low + high) / 2


def temperature(z, y):
    return float(np.exp(golden_section(lambda t: nll(z / np.exp(t), y), log(0.01), log(100))))


def case(name, samples, classes, signal, seed):
    draw = np.random.RandomState(seed)
    y = draw.randint(0, classes, samples)

    def logits(strength):
        z = draw.randn(samples, classes) * 2
        z[np.arange(samples), y] += strength
        return np.round(z * 64) / 64

    reference, model = logits(signal + 1), logits(signal)
    tops, theirs = model.argmax(-1), reference.argmax(-1)
    confusion = np.zeros((classes, classes), int)
    np.add.at(confusion, (y, tops), 1)
    recall = [confusion[k, k] / confusion[k].sum() for k in range(classes) if confusion[k].sum()]
    f1 = []
    for k in range(classes):
        right, said, true = confusion[k, k], confusion[:, k].sum(), confusion[k].sum()
        if said + true:
            precision, found = right / said if said else 0, right / true if true else 0
            f1.append(2 * precision * found / (precision + found) if right else 0)
    p, q = softmax(reference), softmax(model)
    forgotten, learned = (tops != y) & (theirs == y), (tops == y) & (theirs != y)
    top5 = (np.argsort(-model, -1, kind="stable")[:, :5] == y[:, None]).any(-1)
    right = int((tops == y).sum())
    return {
        "name": name,
        "classes": classes,
        "labels": y.tolist(),
        "reference": reference.ravel().tolist(),
        "model": model.ravel().tolist(),
        "errors": samples - right,
        "accuracy": [right / samples, *wilson(right, samples)],
        "balancedAccuracy": float(np.mean(recall)),
        "macroF1": float(np.mean(f1)),
        "top5": [float(top5.mean()), *wilson(int(top5.sum()), samples)],
        "recall0": [confusion[0, 0] / confusion[0].sum(), *wilson(int(confusion[0, 0]), int(confusion[0].sum()))],
        "precision0": [confusion[0, 0] / confusion[:, 0].sum(), *wilson(int(confusion[0, 0]), int(confusion[:, 0].sum()))],
        "confusion": confusion.tolist(),
        "agreement": float((tops == theirs).mean()),
        "kl": float((p * np.log(p / q)).sum(-1).mean()),
        "forgotten": [int((forgotten & (y == k)).sum()) for k in range(classes)],
        "learned": [int((learned & (y == k)).sum()) for k in range(classes)],
        "wrongOtherwise": int(((tops != y) & (theirs != y) & (tops != theirs)).sum()),
        "pValue": mcnemar(int(forgotten.sum()), int(learned.sum())),
        "ece": ece(model, y),
        "nll": nll(model, y),
        "brier": float(((q - np.eye(classes)[y]) ** 2).sum(-1).mean()),
        "temperature": temperature(model, y),
        "scaled": {"ece": None, "nll": None},
        # The spread that the bootstrap's mean must have: that of a mean of independent values.
        "accuracyError": float(np.sqrt(right / samples * (1 - right / samples) / samples)),
    }


def whole():
    cases = [case("few classes", 120, 4, 1.5, 1), case("many classes", 300, 12, 2.5, 2), case("far too sure", 90, 3, 0.5, 3)]
    cases[2]["model"] = [4 * value for value in cases[2]["model"]]
    sure = np.array(cases[2]["model"]).reshape(90, 3)
    y = np.array(cases[2]["labels"])
    q = softmax(sure)
    reference = softmax(np.array(cases[2]["reference"]).reshape(90, 3))
    cases[2].update(
        ece=ece(sure, y),
        nll=nll(sure, y),
        brier=float(((q - np.eye(3)[y]) ** 2).sum(-1).mean()),
        temperature=temperature(sure, y),
        kl=float((reference * np.log(reference / q)).sum(-1).mean()),
    )
    for one in cases:
        z = np.array(one["model"]).reshape(-1, one["classes"]) / one["temperature"]
        one["scaled"] = {"ece": ece(z, np.array(one["labels"])), "nll": nll(z, np.array(one["labels"]))}
    values = (np.random.RandomState(4).randn(37) * 3).round(6)
    return {
        "cases": cases,
        "wilson": [[k, n, *wilson(k, n)] for k, n in [(0, 10), (10, 10), (1, 1), (5, 10), (963, 1000), (2, 20000)]],
        "mcnemar": [[b, c, mcnemar(b, c)] for b, c in [(0, 0), (5, 0), (3, 9), (12, 12), (40, 71), (300, 361), (900, 880), (1, 2)]],
        "quantiles": {
            "values": values.tolist(),
            "shares": [[share, float(np.percentile(values, 100 * share))] for share in (0, 0.025, 0.3, 0.5, 0.95, 0.975, 1)],
        },
    }


Path(__file__).with_name("evaluation.json").write_text(json.dumps(whole(), separators=(",", ":")) + "\n")
