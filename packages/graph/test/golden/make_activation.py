#!/usr/bin/python3
"""Make activation.json: golden vectors of activations, in the format of make_ops.py."""
import sys

sys.dont_write_bytecode = True

import torch
from torch.nn import functional as F

from make_ops import case, finish, label, real, values

SHAPES = [[], [1], [7], [1, 3, 1, 2], [2, 3]]
SELU_ALPHA = 1.67326319217681884765625
SELU_GAMMA = 1.05070102214813232421875


def selu(x, alpha, gamma):
    return gamma * torch.where(x > 0, x, alpha * (torch.exp(x) - 1))


def thresholded(x, alpha):
    return torch.where(x > alpha, x, torch.zeros_like(x))


def hard_swish(x):
    return x * (x / 6 + 0.5).clamp(0, 1)


def with_attributes(op, function, defaults, others, kinks):
    """Cases with default attributes in every shape, and one for each other set of attributes."""
    for shape in SHAPES:
        case(f"{op} {label(shape)}", op, lambda x: function(x, **defaults), [real(*shape, kinks=kinks(**defaults))])
    for given in others:
        used = {**defaults, **given}
        case(f"{op} {given}", op, lambda x: function(x, **used), [real(3, 4, kinks=kinks(**used))], **given)


def at_zero(**_):
    return [0.0]


def make_units():
    with_attributes("Elu", F.elu, {"alpha": 1.0}, [{"alpha": 0.5}, {"alpha": 2.0}, {"alpha": 0.0}], at_zero)
    with_attributes("Celu", F.celu, {"alpha": 1.0}, [{"alpha": 0.5}, {"alpha": 2.0}], at_zero)
    defaults = {"alpha": SELU_ALPHA, "gamma": SELU_GAMMA}
    with_attributes("Selu", selu, defaults, [{"alpha": 0.5}, {"alpha": 2.0, "gamma": 0.25}], at_zero)
    others = [{"alpha": 0.25}, {"alpha": -0.5}, {"alpha": 0.0}]
    with_attributes("ThresholdedRelu", thresholded, {"alpha": 1.0}, others, lambda alpha: [alpha])
    for op, function in [("Softsign", F.softsign), ("HardSwish", hard_swish)]:
        for shape in SHAPES:
            case(f"{op} {label(shape)}", op, function, [real(*shape, kinks=[0.0])])
    case("Softsign wide", "Softsign", F.softsign, [values([-100.0, -10.0, 0.0, 10.0, 100.0])])
    case("HardSwish wide", "HardSwish", hard_swish, [values([-20.0, -3.5, -2.5, 0.0, 2.5, 3.5, 20.0])])
    case("Elu wide", "Elu", F.elu, [values([-100.0, -10.0, -0.5, 10.0, 100.0])])


def prelu(x, slope):
    return torch.where(x > 0, x, x * slope)


def make_prelu():
    shapes = [
        ([2, 3], [2, 3]),
        ([2, 3], [3]),
        ([2, 3], [1]),
        ([2, 3], [2, 1]),
        ([1, 3, 2, 2], [3, 1, 1]),
        ([2, 3, 2, 2], [1, 3, 1, 1]),
        ([5], []),
    ]
    for x, slope in shapes:
        case(f"PRelu {label(x)} {label(slope)}", "PRelu", prelu, [real(*x, kinks=[0.0]), real(*slope)])


# Functions composed of operators


COMPOSED = [
    ("gelu", F.gelu),
    ("silu", F.silu),
    ("mish", F.mish),
]


def gelu_tanh(x):
    """PyTorch 1.12 and later: F.gelu(x, approximate="tanh")."""
    return F.gelu(x, approximate="tanh")


def make_composed():
    for name, function in COMPOSED:
        for shape in SHAPES:
            case(f"{name} {label(shape)}", name, function, [real(*shape, low=-4.0, high=4.0)])
        case(f"{name} wide", name, function, [values([-30.0, -8.0, 0.0, 8.0, 30.0])])
    for shape in SHAPES:
        case(f"gelu tanh {label(shape)}", "gelu", gelu_tanh, [real(*shape, low=-4.0, high=4.0)], approximate="tanh")


def main():
    torch.set_num_threads(1)
    make_units()
    make_prelu()
    make_composed()
    finish(__file__)


if __name__ == "__main__":
    main()
