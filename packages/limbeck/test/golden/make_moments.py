"""Golden moments: writes moments.json. Needs NumPy. Run: python3 make_moments.py"""

import json
from pathlib import Path
from statistics import NormalDist

import numpy as np

rng = np.random.default_rng(3)
LENGTH, SAMPLES = 3, 60


def windows():
    """[samples, columns, length]: one skewed, one correlated with it, one of whole numbers, one constant."""
    base = rng.normal(size=(SAMPLES, 1, LENGTH)) + rng.normal(size=(SAMPLES, 1, 1))
    skewed = np.exp(base[:, 0])
    other = -base[:, 0] + 0.5 * rng.normal(size=(SAMPLES, LENGTH))
    whole = rng.integers(0, 3, size=(SAMPLES, LENGTH))
    constant = np.full((SAMPLES, LENGTH), 7.0)
    return np.stack([skewed, other, whole, constant], axis=1).astype(np.float32)


def scores(column):
    """Normal scores of average ranks."""
    ranks = np.array([(np.sum(column < v) + np.sum(column <= v) - 1) / 2 for v in column])
    return np.array([NormalDist().inv_cdf((r + 0.5) / len(column)) for r in ranks])


def correlate(a, b):
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


values = windows()
columns = values.astype(np.float64).transpose(1, 0, 2).reshape(values.shape[1], -1)
normal = [scores(column) for column in columns]
count = min(100, SAMPLES // 10)
edge = 10 / SAMPLES
middle = [(k + 0.5) / count for k in range(count)]
levels = [edge, *[level for level in middle if edge < level < 1 - edge], 1 - edge]
changing = [z.reshape(SAMPLES, LENGTH) for z in normal if np.ptp(z) > 0]
golden = {
    "shape": list(values.shape),
    "values": [float(v) for v in values.ravel()],
    "mean": columns.mean(axis=1).tolist(),
    "std": columns.std(axis=1).tolist(),
    "levels": levels,
    "quantiles": [
        np.quantile(column, levels, method="lower" if i >= 2 else "linear").tolist() for i, column in enumerate(columns)
    ],
    "correlation": [[1.0 if i == j else correlate(a, b) for j, b in enumerate(normal)] for i, a in enumerate(normal)],
    "timeCorrelation": [
        [1.0 if s == t else float(np.mean([correlate(z[:, s], z[:, t]) for z in changing])) for t in range(LENGTH)]
        for s in range(LENGTH)
    ],
}
Path(__file__).with_name("moments.json").write_text(json.dumps(golden) + "\n")
