"""Writes ranges.json: thresholds by KL divergence and by percentiles, from histograms of 2,048 bins, with numpy.

    /usr/bin/python3 make_ranges.py
"""

import json
from pathlib import Path

import numpy as np

BINS = 2048


def histogram(values):
    sizes = np.abs(values[values != 0]).astype(np.float64)
    largest = float(np.abs(values).max())
    return np.bincount(np.minimum(BINS - 1, np.floor(sizes * (BINS / largest)).astype(int)), minlength=BINS).astype(float), largest


def entropy(values):
    counts, largest = histogram(values)
    levels = 128 if values.min() < 0 < values.max() else 256
    best, least = BINS, np.inf
    for bins in range(levels, BINS + 1):
        p = counts[:bins].copy()
        p[-1] += counts[bins:].sum()
        q = np.zeros(bins)
        edges = [level * bins // levels for level in range(levels + 1)]
        for low, high in zip(edges, edges[1:]):
            occupied = p[low:high] > 0
            if occupied.any():
                q[low:high][occupied] = counts[low:high].sum() / occupied.sum()
        if counts[:bins].sum() == 0:
            continue
        p, q = p / p.sum(), q / counts[:bins].sum()
        if ((p > 0) & (q == 0)).any():
            continue
        held = p > 0
        divergence = float((p[held] * np.log(p[held] / q[held])).sum())
        if divergence < least:
            best, least = bins, divergence
    return best / BINS * largest


def percentile(values, share):
    counts, largest = histogram(values)
    bins = int(np.searchsorted(np.cumsum(counts), counts.sum() * share / 100)) + 1
    return bins / BINS * largest


random = np.random.default_rng(3)
normal = random.normal(size=3000)
cases = {
    "normal": normal,
    "normal with outliers": np.concatenate([normal, [40, -35]]),
    "rectified": np.maximum(0, np.concatenate([normal, [12]])),
    "uniform": random.uniform(-1, 3, size=2000),
}
golden = []
for name, values in cases.items():
    values = values.astype(np.float32)
    golden.append({"name": name, "values": [float(v) for v in values], "entropy": entropy(values), "percentile": percentile(values, 99)})
Path(__file__).with_name("ranges.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
