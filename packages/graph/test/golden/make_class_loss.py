#!/usr/bin/python3
"""Make class_loss.json: golden vectors of losses of class numbers, in the format of make_ops.py."""
import sys

sys.dont_write_bytecode = True

import torch
from torch.nn import functional as F

from make_ops import case, finish, label, plain, real

LABELS = {
    # shape of the scores: class numbers
    (4, 3): [0, 2, 1, 2],
    (1, 5): [3],
    (2, 3, 2): [[0, 2], [1, 1]],
    (1, 4, 2, 2): [[[0, 3], [1, 2]]],
}
WEIGHTS = [0.5, 2.0, 1.25, 0.75, 1.5]


def cross_entropy(scores, labels, weight=None, **options):
    return F.cross_entropy(scores, labels, weight, **options), F.log_softmax(scores, 1)


def likelihood(scores, labels, weight=None, **options):
    return F.nll_loss(scores, labels, weight, **options)


FUNCTIONS = [("SoftmaxCrossEntropyLoss", cross_entropy), ("NegativeLogLikelihoodLoss", likelihood)]


def add(op, function, shape, reduction, weighted, ignored):
    options = {"reduction": reduction or "mean"}
    attributes = {} if reduction is None else {"reduction": reduction}
    if ignored is not None:
        options["ignore_index"] = attributes["ignore_index"] = ignored
    labels = torch.tensor(LABELS[shape])
    if ignored is not None and ignored < 0:
        labels.view(-1)[0] = ignored
    inputs = [real(*shape), plain(labels.tolist(), torch.int64)]
    if weighted:
        inputs.append(plain(WEIGHTS[: shape[1]]))
    name = f"{op} {label(shape)} {reduction} {'weighted' if weighted else 'plain'} ignore {ignored}"
    case(name, op, lambda *given: function(*given, **options), inputs, **attributes)


def main():
    torch.set_num_threads(1)
    for op, function in FUNCTIONS:
        for shape in LABELS:
            for reduction in ["none", "sum", None]:
                for weighted in [False, True]:
                    add(op, function, shape, reduction, weighted, None)
        for shape in [(4, 3), (2, 3, 2)]:
            for ignored in [2, -1, -100]:
                add(op, function, shape, "mean", True, ignored)
                add(op, function, shape, "none", False, ignored)
                add(op, function, shape, "sum", True, ignored)
    finish(__file__)


if __name__ == "__main__":
    main()
