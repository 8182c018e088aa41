#!/usr/bin/python3
"""Make math.json: golden vectors of further elementwise operators and reductions, in the format of make_ops.py."""
import sys

sys.dont_write_bytecode = True

import torch

from make_ops import REDUCTION_CASES, case, finish, label, plain, real, reduction, spaced, values

SHAPES = [[], [1], [7], [1, 3, 1, 2]]
UNARY = [
    # op, function, range
    ("Tan", torch.tan, -1.2, 1.2),
    ("Sinh", torch.sinh, -2.0, 2.0),
    ("Cosh", torch.cosh, -2.0, 2.0),
    ("Asin", torch.asin, -0.9, 0.9),
    ("Acos", torch.acos, -0.9, 0.9),
    ("Atan", torch.atan, -3.0, 3.0),
    ("Asinh", torch.asinh, -3.0, 3.0),
    ("Acosh", torch.acosh, 1.3, 4.0),
    ("Atanh", torch.atanh, -0.9, 0.9),
]


def make_unary():
    for op, function, low, high in UNARY:
        for shape in SHAPES:
            case(f"{op} {label(shape)}", op, function, [real(*shape, low=low, high=high)])
    for op, function in [("Floor", torch.floor), ("Ceil", torch.ceil), ("Round", torch.round)]:
        for data in [-1.75, [0.5, 1.5, 2.5, -0.5, -1.5, 2.25], [[1.0, -2.75], [0.0, 1e6]]]:
            case(f"{op} {data}", op, function, [plain(data)])


BROADCAST = [
    ([2, 3], [2, 3]),
    ([2, 3], [3]),
    ([2, 1], [3]),
    ([], [2, 2]),
    ([1, 4], []),
]


def make_mod():
    for a, b in BROADCAST:
        inputs = [real(*a, low=4.1, high=4.4), real(*b, low=1.6, high=1.9)]
        case(f"Mod {label(a)} {label(b)}", "Mod", torch.fmod, inputs, fmod=1)
    signs = [values([5.3, -5.3, 5.3, -5.3]), values([2.0, 2.0, -2.0, -2.0])]
    case("Mod signs fmod", "Mod", torch.fmod, signs, fmod=1)
    integers = [plain(data, torch.int64) for data in ([5, -5, 5, -5], [3, 3, -3, -3])]
    case("Mod int64", "Mod", torch.remainder, integers)
    case("Mod int64 fmod", "Mod", torch.fmod, integers, fmod=1)


def make_shift():
    for direction, function in [("LEFT", torch.bitwise_left_shift), ("RIGHT", torch.bitwise_right_shift)]:
        for a, b in [([1, 16, 129], [1, 2, 3]), ([[200], [7]], [1, 2]), (255, 4)]:
            inputs = [plain(a, torch.uint8), plain(b, torch.uint8)]
            case(f"BitShift {direction} {a} {b}", "BitShift", function, inputs, direction=direction)


def make_comparisons():
    for op, function in [("LessOrEqual", torch.le), ("GreaterOrEqual", torch.ge)]:
        case(f"{op} same shape", op, function, [plain([1.0, 2.0, -3.0]), plain([1.0, 2.5, -4.0])])
        case(f"{op} 2x1 3", op, function, [plain([[1.0], [2.0]]), plain([1.0, 2.0, 3.0])])
        integers = [plain(data, torch.int64) for data in ([[1], [5], [-2]], [1, 4])]
        case(f"{op} int64", op, function, integers)
    flags = [plain(data, torch.bool) for data in ([True, True, False, False], [[True, False, True, False]])]
    case("Xor table", "Xor", torch.logical_xor, flags)


def stacked(reduce):
    return lambda *parts: reduce(torch.stack(torch.broadcast_tensors(*parts)))


VARIADIC = [
    ("Sum", lambda x: x.sum(0)),
    ("Mean", lambda x: x.mean(0)),
    ("Max", lambda x: x.amax(0)),
    ("Min", lambda x: x.amin(0)),
]
VARIADIC_SHAPES = [
    [[2, 3]],
    [[2, 3], [3]],
    [[2, 3], [1, 3], [2, 1]],
    [[4], [], [3, 1], [1, 1]],
    [[1], [1], [1]],
]


def make_variadic():
    for op, reduce in VARIADIC:
        for shapes in VARIADIC_SHAPES:
            parts = [spaced(*shape, offset=0.07 * i) for i, shape in enumerate(shapes)]
            case(f"{op} {' '.join(label(s) for s in shapes)}", op, stacked(reduce), parts)


def make_ties():
    """Separately: finite differences do not exist where inputs are equal."""
    for op, reduce in VARIADIC[2:]:
        even = lambda *parts, reduce=reduce: stacked(reduce)(*parts).detach()
        parts = [plain([1.0, 2.0, 3.0]), plain([1.0, 2.0, 0.0]), plain([1.0, 0.0, 3.0])]
        case(f"{op} ties forward", op, even, parts)


def log_sum(x, axes, keep):
    return x.sum(axes, keepdim=keep).log()


def product(x, axes, keep):
    for axis in sorted((a % x.ndim for a in axes), reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


def positive(*shape):
    return real(*shape, low=0.2, high=2.0)


def away_from_zero(*shape):
    return real(*shape, kinks=[0.0])


REDUCTIONS = [
    ("ReduceMin", lambda x, axes, keep: x.amin(axes, keepdim=keep), spaced),
    ("ReduceL1", lambda x, axes, keep: x.abs().sum(axes, keepdim=keep), away_from_zero),
    ("ReduceSumSquare", lambda x, axes, keep: (x * x).sum(axes, keepdim=keep), real),
    ("ReduceLogSum", log_sum, positive),
    ("ReduceProd", product, away_from_zero),
]


def make_reductions():
    for op, function, draw in REDUCTIONS:
        for shape, axes, keep in REDUCTION_CASES:
            reduction(f"{op} {label(shape)} axes {axes} keepdims {keep}", op, function, draw(*shape), axes, keep)
    zeros = values([[2.0, 0.0, -3.0], [0.0, 5.0, 0.0], [1.5, 2.0, 4.0]])
    reduction("ReduceProd zeros", "ReduceProd", product, zeros, [1], 0)
    reduction("ReduceProd zeros all", "ReduceProd", product, values([[2.0, 0.0], [-3.0, 0.5]]), [0, 1], 1)


def main():
    torch.set_num_threads(1)
    make_unary()
    make_mod()
    make_shift()
    make_comparisons()
    make_variadic()
    make_ties()
    make_reductions()
    finish(__file__)


if __name__ == "__main__":
    main()
