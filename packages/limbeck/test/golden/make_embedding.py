"""Golden values of the measures of embeddings, in double precision by numpy. Run: python3 make_embedding.py > embedding.json"""

import json

import numpy as np

rng = np.random.default_rng(7)
count, width = 12, 5
teacher = rng.normal(size=(count, width)).astype(np.float32)
student = (teacher + 0.8 * rng.normal(size=(count, width))).astype(np.float32)
t, s = teacher.astype(np.float64), student.astype(np.float64)


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def nearest(x, most):
    table = unit(x) @ unit(x).T
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :most]


def recalls(depth):
    a, b = nearest(t, depth), nearest(s, depth)
    return [len(set(a[i]) & set(b[i])) / depth for i in range(count)]


inputs = rng.normal(size=(40, 3)).astype(np.float32)
targets = (inputs @ rng.normal(size=(3, 4)) + 0.3 * rng.normal(size=(40, 4)) + 2).astype(np.float32)
probe = rng.normal(size=(6, 3)).astype(np.float32)


def ridge(x, y, penalty):
    x, y = x.astype(np.float64), y.astype(np.float64)
    mx, my = x.mean(0), y.mean(0)
    covariance = (x - mx).T @ (x - mx) / len(x)
    shared = (x - mx).T @ (y - my) / len(x)
    weights = np.linalg.solve(covariance + penalty * np.diag(np.diag(covariance)), shared)
    return lambda z: (z.astype(np.float64) - mx) @ weights + my


held = np.arange(len(inputs)) % 5 == 0
penalties = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10]
errors = [
    ((ridge(inputs[~held], targets[~held], p)(inputs[held]) - targets[held]) ** 2).sum(1).mean() for p in penalties
]
best = penalties[int(np.argmin(errors))]

print(
    json.dumps(
        {
            "width": width,
            "teacher": teacher.ravel().tolist(),
            "student": student.ravel().tolist(),
            "cosines": (unit(t) * unit(s)).sum(1).tolist(),
            "squared": ((t - s) ** 2).sum(1).tolist(),
            "nearest": nearest(t, 4).tolist(),
            "recall1": recalls(1),
            "recall4": recalls(4),
            "relative": float(((t - s) ** 2).sum(1).mean() / ((t - t.mean(0)) ** 2).sum(1).mean()),
            "inputs": inputs.ravel().tolist(),
            "targets": targets.ravel().tolist(),
            "probe": probe.ravel().tolist(),
            "mapped": ridge(inputs, targets, best)(probe).ravel().tolist(),
        }
    )
)
