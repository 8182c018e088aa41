#!/usr/bin/python3
"""Make recurrent.json: gradients of ONNX's RNN, GRU and LSTM, in the format of make_ops.py.

What PyTorch has too comes from torch.nn.RNN, GRU and LSTM, whose gates ONNX has
in another order; the rest (lengths, peepholes, clipping, other activations, a
reset gate before the product) from the definitions in ONNX's specification.
"""
import sys

sys.dont_write_bytecode = True

import torch
from torch.nn import functional as F

from make_indexing import ORDERS, layer
from make_ops import case, finish, real

TIME, FEATURES, HIDDEN = 4, 2, 3


def in_torch_order(kind, weight):
    """Rows of gates in PyTorch's order."""
    order = ORDERS[kind]
    rows = weight.reshape([len(order), -1] + list(weight.shape[1:]))
    places = [order.index(g) for g in range(len(order))]
    return rows[places].reshape(weight.shape)


def by_torch(kind, direction):
    """The layer as torch.nn has it, on ONNX's inputs."""

    def function(x, w, r, b, _, h, c=None):
        weights = []
        for d in range(w.shape[0]):
            halves = b[d].chunk(2)
            weights += [in_torch_order(kind, v) for v in (w[d], r[d], *halves)]
        turned = x.flip(0) if direction == "reverse" else x
        y, *last = layer(kind, turned, weights, h, c, directions=w.shape[0])
        y = y.flip(0) if direction == "reverse" else y
        return (y.reshape(*x.shape[:2], w.shape[0], -1).transpose(1, 2), *last)

    return function


ACTIVATIONS = {
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Relu": torch.relu,
    "Softsign": F.softsign,
    "Softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "LeakyRelu": lambda x: torch.where(x > 0, x, x * 0.125),
    "HardSigmoid": lambda x: (x * 0.25 + 0.5).clamp(0, 1),
    "Elu": lambda x: torch.where(x > 0, x, 0.5 * (x.exp() - 1)),
}
DEFAULTS = {"rnn": ["Tanh"], "gru": ["Sigmoid", "Tanh"], "lstm": ["Sigmoid", "Tanh", "Tanh"]}


def cell(kind, clip, after):
    """One step: sums of x and h, and states, to states. `f`, `g` and `k` are the activations."""
    limit = (lambda v: v.clamp(-clip, clip)) if clip else (lambda v: v)

    def rnn(x, h, c, w, r, wb, rb, p, f):
        return f(limit(x @ w.T + h @ r.T + wb + rb)), c

    def gru(x, h, c, w, r, wb, rb, p, f, g):
        xs, bs, rbs, rs = (x @ w.T).chunk(3, 1), wb.chunk(3), rb.chunk(3), r.chunk(3)
        z, reset = (f(limit(xs[i] + h @ rs[i].T + bs[i] + rbs[i])) for i in (0, 1))
        state = reset * (h @ rs[2].T + rbs[2]) if after else (reset * h) @ rs[2].T + rbs[2]
        n = g(limit(xs[2] + state + bs[2]))
        return (1 - z) * n + z * h, c

    def lstm(x, h, c, w, r, wb, rb, p, f, g, k):
        i, o, fg, n = (x @ w.T + h @ r.T + wb + rb).chunk(4, 1)
        pi, po, pf = p.chunk(3) if p is not None else (0, 0, 0)
        new = f(limit(fg + pf * c)) * c + f(limit(i + pi * c)) * g(limit(n))
        return f(limit(o + po * new)) * k(new), new

    return {"rnn": rnn, "gru": gru, "lstm": lstm}[kind]


def by_definition(kind, direction, clip=None, after=True, activations=None):
    """The layer from ONNX's specification, step by step, each sequence as long as it is."""

    def run(x, w, r, b, lengths, h, c, p, backward, functions):
        wb, rb = b.chunk(2)
        hs, cs = [], []
        ys = [[torch.zeros(r.shape[1], dtype=x.dtype)] * x.shape[1] for _ in range(x.shape[0])]
        for k in range(x.shape[1]):
            steps = list(range(x.shape[0] if lengths is None else int(lengths[k])))
            state, memory = h[k : k + 1], None if c is None else c[k : k + 1]
            for t in reversed(steps) if backward else steps:
                state, memory = cell(kind, clip, after)(x[t, k : k + 1], state, memory, w, r, wb, rb, p, *functions)
                ys[t][k] = state[0]
            hs.append(state)
            cs.append(memory)
        y = torch.stack([torch.stack(row) for row in ys])
        return y, torch.cat(hs), None if c is None else torch.cat(cs)

    def function(x, w, r, b, lengths, h, c=None, p=None):
        names = activations or DEFAULTS[kind] * w.shape[0]
        count = len(DEFAULTS[kind])
        parts = []
        for d in range(w.shape[0]):
            functions = [ACTIVATIONS[name] for name in names[d * count : (d + 1) * count]]
            backward = direction == "reverse" or d == 1
            given = [None if v is None else v[d] for v in (c, p)]
            parts.append(run(x, w[d], r[d], b[d], lengths, h[d], *given, backward, functions))
        y, last_h, last_c = zip(*parts)
        results = (torch.stack(y, 1), torch.stack(last_h))
        return (*results, torch.stack(last_c)) if kind == "lstm" else results

    return function


def inputs(kind, directions, batch, lengths=None, peepholes=False):
    rows = len(ORDERS[kind]) * HIDDEN
    near = {"low": -1.0, "high": 1.0}
    state = real(directions, batch, HIDDEN, **near)
    given = [
        real(TIME, batch, FEATURES),
        real(directions, rows, FEATURES, **near),
        real(directions, rows, HIDDEN, **near),
        real(directions, 2 * rows, **near),
        None if lengths is None else (lambda _: (torch.tensor(lengths, dtype=torch.int32), False, False)),
        state,
    ]
    if kind == "lstm":
        given += [state, real(directions, 3 * HIDDEN, **near) if peepholes else None]
    return given


def add(name, kind, function, given, direction="forward", **attributes):
    attributes = {"hidden_size": HIDDEN, "direction": direction, **attributes}
    case(f"{kind.upper()} {direction} {name}", kind.upper(), function, given, **attributes)


DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}


def make_plain():
    for kind in ORDERS:
        after = {"linear_before_reset": 1} if kind == "gru" else {}
        for direction, directions in DIRECTIONS.items():
            for batch in (1, 2):
                given = inputs(kind, directions, batch)
                add(f"gradient batch {batch}", kind, by_torch(kind, direction), given[:7], direction, **after)


def make_options():
    for kind in ORDERS:
        after = {"linear_before_reset": 1} if kind == "gru" else {}
        for direction, directions in DIRECTIONS.items():
            given = inputs(kind, directions, 3, lengths=[4, 1, 3])
            add("lengths", kind, by_definition(kind, direction), given, direction, **after)
        add("clip", kind, by_definition(kind, "forward", clip=0.75), inputs(kind, 1, 2), clip=0.75, **after)
    for direction, directions in DIRECTIONS.items():
        before = by_definition("gru", direction, after=False)
        add("reset before", "gru", before, inputs("gru", directions, 2), direction)
        peeping = inputs("lstm", directions, 2, peepholes=True)
        add("peepholes", "lstm", by_definition("lstm", direction), peeping, direction)
    both = inputs("lstm", 2, 3, lengths=[2, 4, 1], peepholes=True)
    add("peepholes lengths clip", "lstm", by_definition("lstm", "bidirectional", clip=1.5), both, "bidirectional", clip=1.5)


def make_activations():
    coefficients = {"activation_alpha": [0.125, 0.25, 0.5], "activation_beta": [0.5]}
    names = ["LeakyRelu", "Softsign", "Tanh", "HardSigmoid", "Elu", "Softplus"]
    add(
        "activations",
        "lstm",
        by_definition("lstm", "bidirectional", activations=names),
        inputs("lstm", 2, 2),
        "bidirectional",
        activations=names,
        **coefficients,
    )
    add("Relu", "rnn", by_definition("rnn", "forward", activations=["Relu"]), inputs("rnn", 1, 2), activations=["Relu"])


def main():
    make_plain()
    make_options()
    make_activations()
    finish(__file__)


if __name__ == "__main__":
    main()
