#!/usr/bin/python3
"""Make ops.json: golden outputs and gradients of ONNX operators (opset 17).

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_ops.py

It writes ops.json beside itself; a second run writes the same bytes. Every
number is a float64 (or int64, or 0/1 for bool) that PyTorch computed on the
CPU from the definition of the operator in the ONNX specification.

Each case holds one operator applied to `inputs`, which gives `outputs`:

    loss = sum over outputs of sum(output * cotangent)
    input.gradient = d loss / d input, null where there is none

- A missing optional input is null, also at the end of the list, so a list is
  as long as the operator's list of inputs (Concat takes any number).
- "constant": true marks an input that has to be known at build time.
- An attribute that is absent has its ONNX default.
- Outputs of non-differentiable cases have a null cotangent.
- A scalar has the shape [].
- Float attributes are exact in float32, as ONNX stores them; the default alpha
  of LeakyRelu is the float32 nearest to 0.01, about 0.00999999978.
- Some runtimes want a missing optional input at the end left out of the node
  (for Squeeze, ONNX Runtime does).
- An output without gradient has a null cotangent, also beside others.
- The generators of other families import this file for its helpers.
- The seed of a case is its name: adding a case leaves the others alone.
"""
import json
import math
import zlib
from pathlib import Path

import torch
from torch.nn import functional as F

MARGIN = 0.05
FAR = 2**53 - 1  # stands for "to the end" in Slice; exact as a JavaScript number
DTYPES = {torch.float64: "float64", torch.int64: "int64", torch.int32: "int32", torch.uint8: "uint8", torch.bool: "bool"}
CASES = []


# Inputs: each is a function from a random generator to (tensor, constant, differentiable).


def rounded(tensor):
    """The same values with four decimals, which keeps the file short."""
    values = [round(v, 4) for v in tensor.flatten().tolist()]
    return torch.tensor(values, dtype=torch.float64).reshape(tensor.shape)


def uniform(generator, shape, low, high):
    unit = torch.rand(tuple(shape), generator=generator, dtype=torch.float64)
    return rounded(low + (high - low) * unit)


def real(*shape, low=-2.0, high=2.0, kinks=()):
    """A random differentiable input that stays clear of the kinks."""

    def draw(generator):
        x = uniform(generator, shape, low, high)
        for kink in kinks:
            x = rounded(torch.where((x - kink).abs() < 2 * MARGIN, x + 4 * MARGIN, x))
        assert all(bool(((x - kink).abs() > MARGIN).all()) for kink in kinks)
        return x, False, True

    return draw


def spaced(*shape, offset=0.0):
    """A differentiable input whose elements are all at least 0.3 apart."""

    def draw(generator):
        count = math.prod(shape)
        order = torch.randperm(count, generator=generator).to(torch.float64)
        x = rounded((order - count // 2) * 0.3 + offset)
        return x.reshape(shape), False, True

    return draw


def values(data):
    """A differentiable input with the given values."""
    return lambda _: (torch.tensor(data, dtype=torch.float64), False, True)


def fixed(data, dtype=torch.float64):
    """A constant."""
    return lambda _: (torch.tensor(data, dtype=dtype), True, False)


def ints(data):
    return fixed(data, torch.int64)


def bools(data):
    return fixed(data, torch.bool)


def plain(data, dtype=torch.float64):
    """An input of a non-differentiable operator."""
    return lambda _: (torch.tensor(data, dtype=dtype), False, False)


# Cases


def flat(tensor):
    """The elements in row-major order: no negative zeros, bools as 0 and 1."""
    if tensor.dtype == torch.bool:
        tensor = tensor.to(torch.int64)
    return [v + 0 for v in tensor.detach().flatten().tolist()]


def write_input(drawn, gradient):
    if drawn is None:
        return None
    tensor, constant, _ = drawn
    return {
        "dtype": DTYPES[tensor.dtype],
        "shape": list(tensor.shape),
        "data": flat(tensor),
        "constant": constant,
        "gradient": None if gradient is None else flat(gradient),
    }


def write_output(tensor, cotangent):
    return {
        "dtype": DTYPES[tensor.dtype],
        "shape": list(tensor.shape),
        "data": flat(tensor),
        "cotangent": None if cotangent is None else flat(cotangent),
    }


def differentiate(outputs, drawn, generator):
    """The cotangents of the outputs and the gradient of every input."""
    wanted = [d[0] for d in drawn if d is not None and d[2]]
    if not wanted:
        return [None] * len(outputs), [None] * len(drawn)
    cotangents = [uniform(generator, y.shape, -1.0, 1.0) if y.requires_grad else None for y in outputs]
    loss = sum((y * c).sum() for y, c in zip(outputs, cotangents) if c is not None)
    gradients = iter(torch.autograd.grad(loss, wanted))
    return cotangents, [next(gradients) if d is not None and d[2] else None for d in drawn]


def case(name, op, function, inputs, **attributes):
    """Add a case; `function` takes the tensors, None for a missing one, and gives one or more outputs."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    drawn = [None if draw is None else draw(generator) for draw in inputs]
    for d in drawn:
        if d is not None and d[2]:
            d[0].requires_grad_(True)
    result = function(*[None if d is None else d[0] for d in drawn])
    outputs = result if isinstance(result, tuple) else (result,)
    cotangents, gradients = differentiate(outputs, drawn, generator)
    CASES.append(
        {
            "name": name,
            "op": op,
            "attributes": attributes,
            "inputs": [write_input(d, g) for d, g in zip(drawn, gradients)],
            "outputs": [write_output(y, c) for y, c in zip(outputs, cotangents)],
        }
    )


def label(shape):
    return "x".join(map(str, shape)) if shape else "scalar"


# Elementwise


def softplus(x):
    """ln(1 + exp(x)); F.softplus is linear above a threshold, ONNX is not."""
    return torch.logaddexp(x, torch.zeros_like(x))


UNARY = [
    # op, function, options of real()
    ("Neg", torch.neg, {}),
    ("Abs", torch.abs, {"kinks": [0.0]}),
    ("Exp", torch.exp, {}),
    ("Log", torch.log, {"low": 0.2, "high": 4.0}),
    ("Sqrt", torch.sqrt, {"low": 0.2, "high": 4.0}),
    ("Reciprocal", torch.reciprocal, {"kinks": [0.0, 0.2]}),
    ("Relu", torch.relu, {"kinks": [0.0]}),
    ("Sigmoid", torch.sigmoid, {}),
    ("Tanh", torch.tanh, {}),
    ("Softplus", softplus, {}),
    ("Erf", torch.erf, {}),
    ("Sin", torch.sin, {"low": -4.0, "high": 4.0}),
    ("Cos", torch.cos, {"low": -4.0, "high": 4.0}),
    ("Identity", lambda x: x * 1.0, {}),
]
UNARY_SHAPES = [[], [1], [7], [2, 3], [1, 3, 1, 2]]


def make_unary():
    for op, function, options in UNARY:
        for shape in UNARY_SHAPES:
            case(f"{op} {label(shape)}", op, function, [real(*shape, **options)])
    case("Exp wide", "Exp", torch.exp, [values([-50.0, -10.0, 0.0, 10.0, 30.0])])
    case("Log wide", "Log", torch.log, [values([1e-6, 1e-3, 1.0, 1e3, 1e6])])
    case("Sqrt wide", "Sqrt", torch.sqrt, [values([1e-6, 1e-3, 1.0, 1e3, 1e6])])
    case("Reciprocal wide", "Reciprocal", torch.reciprocal, [values([-1e3, -1e-3, 1e-3, 1.0, 1e3])])
    case("Sigmoid wide", "Sigmoid", torch.sigmoid, [values([-200.0, -30.0, 0.0, 30.0, 200.0])])
    case("Tanh wide", "Tanh", torch.tanh, [values([-200.0, -10.0, 0.0, 10.0, 200.0])])
    case("Softplus wide", "Softplus", softplus, [values([-200.0, -25.0, 0.0, 15.0, 25.0, 200.0])])
    case("Erf wide", "Erf", torch.erf, [values([-10.0, -3.0, 0.0, 3.0, 10.0])])


DEFAULT_ALPHA = torch.tensor(0.01, dtype=torch.float32).item()


def make_leaky_relu():
    def add(name, x, **attributes):
        slope = attributes.get("alpha", DEFAULT_ALPHA)
        case(f"LeakyRelu {name}", "LeakyRelu", lambda t: F.leaky_relu(t, slope), [x], **attributes)

    add("default alpha", real(2, 4, kinks=[0.0]))
    add("alpha 0.25", real(3, 3, kinks=[0.0]), alpha=0.25)
    add("alpha 0", real(6, kinks=[0.0]), alpha=0.0)
    add("alpha 1.5", real(1, 5, 1, kinks=[0.0]), alpha=1.5)
    add("alpha -0.5", real(2, 3, kinks=[0.0]), alpha=-0.5)
    add("scalar", values(-1.25), alpha=0.125)


BINARY_SHAPES = [
    ([2, 3], [2, 3]),
    ([2, 3], [3]),
    ([3], [2, 3]),
    ([2, 3], [2, 1]),
    ([4], [2, 1]),
    ([], [2, 3]),
    ([2, 3], []),
    ([], []),
    ([1], [2, 2]),
    ([2, 2], [1, 1]),
    ([1, 3, 1], [2, 1, 4]),
    ([2, 1, 3, 2], [3, 1]),
]
POSITIVE = {"low": 0.3, "high": 3.0}
BINARY = [
    # op, function, options of the first and the second operand
    ("Add", torch.add, {}, {}),
    ("Sub", torch.sub, {}, {}),
    ("Mul", torch.mul, {}, {}),
    ("Div", torch.div, {}, {"kinks": [0.0, 0.2]}),
    ("Pow", torch.pow, POSITIVE, {}),
]


def make_binary():
    for a, b in BINARY_SHAPES:
        name = f"{label(a)} {label(b)}"
        for op, function, left, right in BINARY:
            case(f"{op} {name}", op, function, [real(*a, **left), real(*b, **right)])
        for op, function in [("Max", torch.maximum), ("Min", torch.minimum)]:
            case(f"{op} {name}", op, function, [spaced(*a), spaced(*b, offset=0.15)])
    for exponent in (2.0, 3.0):  # a negative base, where the exponent has no gradient
        inputs = [real(2, 3, kinks=[0.0]), fixed(exponent)]
        case(f"Pow constant exponent {exponent}", "Pow", torch.pow, inputs)
    case("Div by tiny", "Div", torch.div, [values([1.0, -2.0, 3.0]), values([1e-3, -1e-3, 1e3])])


def onnx_clip(x, low, high):
    return x * 1.0 if low is None and high is None else torch.clamp(x, min=low, max=high)


def make_clip():
    def add(name, x, low, high):
        inputs = [x, fixed_or_missing(low), fixed_or_missing(high)]
        case(f"Clip {name}", "Clip", onnx_clip, inputs)

    add("both", real(2, 5, kinks=[-0.5, 0.75]), -0.5, 0.75)
    add("both positive", real(1, 6, low=0.0, high=4.0, kinks=[1.0, 3.0]), 1.0, 3.0)
    add("min only", real(3, 3, kinks=[0.25]), 0.25, None)
    add("max only", real(7, kinks=[0.5]), None, 0.5)
    add("neither", real(2, 2), None, None)
    add("all inside", real(2, 2, 2), -10.0, 10.0)
    add("all outside", real(5), 4.0, 5.0)
    add("scalar", values(1.5), 0.0, 6.0)


def fixed_or_missing(value):
    return None if value is None else fixed(value)


def make_where():
    def add(name, condition, x, y):
        case(f"Where {name}", "Where", torch.where, [bools(condition), x, y])

    checkered = [[True, False, True], [False, True, False]]
    add("same shape", checkered, real(2, 3), real(2, 3))
    add("condition 3", [True, False, True], real(2, 3), real(2, 3))
    add("condition 2x1", [[True], [False]], real(2, 3), real(3))
    add("scalar x", checkered, real(), real(2, 3))
    add("scalar y", checkered, real(2, 3), real())
    add("scalars", checkered, real(), real())
    add("scalar condition", False, real(2, 1), real(1, 3))
    add("larger operands", [[True], [False]], real(3, 1, 2), real(1, 2, 1))
    add("all true", [[True, True]], real(2, 2), real(1, 2))


# Softmax


def make_softmax():
    functions = [("Softmax", torch.softmax), ("LogSoftmax", torch.log_softmax)]
    for op, function in functions:
        make_softmax_of(op, function)


def make_softmax_of(op, function):
    def add(name, x, **attributes):
        axis = attributes.get("axis", -1)
        case(f"{op} {name}", op, lambda t: function(t, dim=axis), [x], **attributes)

    add("default axis", real(2, 4))
    add("1D", real(5), axis=0)
    add("axis 0", real(3, 4), axis=0)
    add("axis 1 of 3", real(2, 3, 4), axis=1)
    add("axis -2", real(2, 3, 2, 2), axis=-2)
    add("batch 1", real(1, 6), axis=1)
    add("size-1 axis", real(3, 1), axis=-1)
    add("large", values([[1e3, 999.0, -1e3], [1e3, 1e3, 1e3], [-1e3, -1001.0, -999.5]]), axis=-1)
    add("large axis 0", values([[1e3, -2.0], [0.0, -1e3]]), axis=0)
    add("equal", values([[0.5, 0.5, 0.5, 0.5]]), axis=1)


# Reductions


def every_axis(x, axes):
    return list(range(x.ndim)) if axes is None else list(axes)


def l2(x, axes, keep):
    return (x * x).sum(axes, keepdim=keep).sqrt()


REDUCTIONS = [
    ("ReduceSum", lambda x, axes, keep: x.sum(axes, keepdim=keep), real),
    ("ReduceMean", lambda x, axes, keep: x.mean(axes, keepdim=keep), real),
    ("ReduceMax", lambda x, axes, keep: x.amax(axes, keepdim=keep), spaced),
    ("ReduceL2", l2, real),
    ("ReduceLogSumExp", lambda x, axes, keep: torch.logsumexp(x, axes, keepdim=keep), real),
]
REDUCTION_CASES = [
    # shape, axes, keepdims (None: absent)
    ([2, 3, 4], [1], 1),
    ([2, 3, 4], [-1], 0),
    ([2, 3, 4], [0, 2], 0),
    ([2, 3, 2], [-3, -1], 1),
    ([2, 3, 2], [0, 1, 2], 0),
    ([3, 4], None, None),
    ([3, 4], None, 0),
    ([1, 5], [0], 0),
    ([1, 5], [1], None),
    ([3, 1], [1], 1),
    ([6], [0], 0),
]


def make_reductions():
    for op, function, draw in REDUCTIONS:
        for shape, axes, keep in REDUCTION_CASES:
            name = f"{op} {label(shape)} axes {axes} keepdims {keep}"
            reduction(name, op, function, draw(*shape), axes, keep)
    for op, function, draw in REDUCTIONS[2:]:
        if op != "ReduceL2":
            large = values([[1e3, 990.0, -1e3], [-1e3, -1002.0, -999.0]])
            reduction(f"{op} large", op, function, large, [1], 0)
    make_reduce_sum_of_no_axes()


def reduction(name, op, function, x, axes, keep):
    """A reduction whose axes are an attribute, but for ReduceSum an input."""
    attributes = {} if keep is None else {"keepdims": keep}
    run = lambda t, *_: function(t, every_axis(t, axes), keep != 0)
    if op == "ReduceSum":
        inputs = [x, None if axes is None else ints(axes)]
    else:
        inputs = [x]
        attributes.update({} if axes is None else {"axes": axes})
    case(name, op, run, inputs, **attributes)


def make_reduce_sum_of_no_axes():
    """Without axes ReduceSum sums everything, unless it is told to do nothing."""
    total = lambda x, _: x.sum().reshape([1] * x.ndim)
    same = lambda x, _: x * 1.0
    case("ReduceSum empty axes", "ReduceSum", total, [real(2, 3), ints([])])
    case("ReduceSum noop empty axes", "ReduceSum", same, [real(2, 3), ints([])], noop_with_empty_axes=1)
    case("ReduceSum noop no axes", "ReduceSum", same, [real(2, 3), None], noop_with_empty_axes=1, keepdims=0)


# Shapes


def onnx_reshape(x, shape):
    """torch.reshape, where a 0 copies the dimension of the input."""
    sizes = [x.shape[i] if n == 0 else n for i, n in enumerate(shape.tolist())]
    return x.reshape(sizes)


def make_reshape():
    def add(shape, target, **attributes):
        name = f"Reshape {label(shape)} to {target}"
        case(name, "Reshape", onnx_reshape, [real(*shape), ints(target)], **attributes)

    add([2, 3, 4], [6, 4])
    add([2, 3, 4], [-1])
    add([2, 3, 4], [0, -1])
    add([2, 3, 4], [-1, 0, 2])
    add([2, 3, 2], [0, 0, -1, 1])
    add([1, 6], [2, 3])
    add([1, 1], [])
    add([], [1, 1])
    add([2, 3], [3, -1], allowzero=1)


def onnx_flatten(x, axis):
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def make_flatten():
    def add(shape, **attributes):
        axis = attributes.get("axis", 1)
        name = f"Flatten {label(shape)} {attributes.get('axis', 'default')}"
        case(name, "Flatten", lambda x: onnx_flatten(x, axis), [real(*shape)], **attributes)

    add([2, 3, 4])
    add([2, 3, 4], axis=0)
    add([2, 3, 4], axis=2)
    add([2, 3, 4], axis=3)
    add([2, 3, 4], axis=-1)
    add([1, 2, 2, 2], axis=1)
    add([5])


def make_transpose():
    def add(shape, **attributes):
        perm = attributes.get("perm", list(reversed(range(len(shape)))))
        name = f"Transpose {label(shape)} {attributes.get('perm', 'default')}"
        case(name, "Transpose", lambda x: x.permute(perm), [real(*shape)], **attributes)

    add([2, 3])
    add([2, 3, 4])
    add([2, 3], perm=[1, 0])
    add([2, 3, 4], perm=[0, 2, 1])
    add([2, 3, 4], perm=[1, 2, 0])
    add([2, 3, 4], perm=[2, 0, 1])
    add([2, 1, 3, 2], perm=[0, 2, 3, 1])
    add([4], perm=[0])


def onnx_squeeze(x, axes):
    axes = [i for i, n in enumerate(x.shape) if n == 1] if axes is None else axes.tolist()
    axes = [a % x.ndim for a in axes]
    return x.reshape([n for i, n in enumerate(x.shape) if i not in axes])


def make_squeeze():
    def add(shape, axes):
        axes_input = None if axes is None else ints(axes)
        case(f"Squeeze {label(shape)} {axes}", "Squeeze", onnx_squeeze, [real(*shape), axes_input])

    add([1, 3, 1], [0])
    add([1, 3, 1], [-1])
    add([1, 3, 1], [0, 2])
    add([1, 3, 1], [-1, 0])
    add([1, 3, 1, 2], None)
    add([1, 1], None)


def onnx_unsqueeze(x, axes):
    rank = x.ndim + axes.numel()
    added = {a % rank for a in axes.tolist()}
    sizes = iter(x.shape)
    return x.reshape([1 if i in added else next(sizes) for i in range(rank)])


def make_unsqueeze():
    def add(shape, axes):
        case(f"Unsqueeze {label(shape)} {axes}", "Unsqueeze", onnx_unsqueeze, [real(*shape), ints(axes)])

    add([3], [0])
    add([3], [-1])
    add([2, 3], [1])
    add([2, 3], [0, 3])
    add([2, 3], [-1, 0])
    add([2, 3], [2, 1])
    add([], [0])


def onnx_expand(x, shape):
    """Expand broadcasts both ways: a 1 in the shape keeps the input's size."""
    return x.expand(torch.broadcast_shapes(x.shape, tuple(shape.tolist())))


def make_expand():
    def add(shape, target):
        name = f"Expand {label(shape)} to {target}"
        case(name, "Expand", onnx_expand, [real(*shape), ints(target)])

    add([3, 1], [3, 4])
    add([1, 3], [2, 3])
    add([3], [2, 3])
    add([3, 1], [2, 1, 4])
    add([2, 3], [1])
    add([2, 3], [1, 1, 1])
    add([], [2, 2])
    add([2, 3], [2, 3])


# Joining and picking


def make_concat():
    def add(shapes, axis):
        name = f"Concat {' '.join(map(label, shapes))} axis {axis}"
        function = lambda *parts: torch.cat(parts, dim=axis)
        case(name, "Concat", function, [real(*s) for s in shapes], axis=axis)

    add([[2, 3], [1, 3]], 0)
    add([[2, 3], [2, 1]], 1)
    add([[2, 3], [2, 2], [2, 1]], -1)
    add([[1, 2, 2], [1, 1, 2]], -2)
    add([[2], [3], [1]], 0)
    add([[2, 2]], 0)


def onnx_slice(x, starts, ends, axes, steps):
    axes = list(range(starts.numel())) if axes is None else axes.tolist()
    steps = [1] * len(axes) if steps is None else steps.tolist()
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes, steps):
        picked = range(*slice(start, end, step).indices(x.shape[axis]))
        x = x.index_select(axis, torch.tensor(list(picked), dtype=torch.int64))
    return x


def make_slice():
    def add(shape, starts, ends, axes=None, steps=None):
        optional = [None if data is None else ints(data) for data in (axes, steps)]
        name = f"Slice {label(shape)} {starts} {ends} {axes} {steps}".replace(str(FAR), "far")
        case(name, "Slice", onnx_slice, [real(*shape), ints(starts), ints(ends), *optional])

    add([6], [1], [4])
    add([4, 5], [1, 2], [3, 5])
    add([4, 5], [1], [4], [1])
    add([4, 5], [-3], [-1], [-1])
    add([4, 5], [1], [FAR], [0])
    add([4, 5], [0, 1], [4, 5], [0, 1], [2, 3])
    add([2, 3, 4], [3, 0], [0, 1], [2, 0], [-1, 1])
    add([5], [4], [-FAR], [0], [-1])
    add([7], [-1], [-6], [0], [-2])
    add([3, 4], [10, 10], [-FAR, -FAR], [-1, 0], [-3, -1])
    add([4, 2], [1], [2], None, [1])
    add([1, 4], [0], [1], [0], [1])


def onnx_gather(x, indices, axis):
    flat_indices = indices.reshape(-1) % x.shape[axis]
    axis = axis % x.ndim
    shape = x.shape[:axis] + indices.shape + x.shape[axis + 1 :]
    return x.index_select(axis, flat_indices).reshape(shape)


def make_gather():
    def add(shape, indices, **attributes):
        axis = attributes.get("axis", 0)
        name = f"Gather {label(shape)} {indices} axis {attributes.get('axis', 'default')}"
        function = lambda x, i: onnx_gather(x, i, axis)
        case(name, "Gather", function, [real(*shape), ints(indices)], **attributes)

    add([4, 3], [2, 0])
    add([4, 3], [1, 1, 3, 1], axis=0)
    add([4, 3], [0, 2, 0], axis=1)
    add([2, 3, 2], [2, 2], axis=-2)
    add([2, 4], [[0, 3], [3, 3]], axis=-1)
    add([5], 2, axis=0)
    add([3, 4], 1, axis=1)
    add([4, 2], [-1, 0, -4], axis=0)
    add([1, 3], [[0, 0, 0]], axis=0)


# Products


def onnx_gemm(a, b, c, transA=0, transB=0, alpha=1.0, beta=1.0):
    product = alpha * ((a.T if transA else a) @ (b.T if transB else b))
    return product if c is None else product + beta * c


def make_gemm():
    def add(a, b, c, **attributes):
        settings = " ".join(f"{k} {v}" for k, v in attributes.items())
        name = f"Gemm {label(a)} {label(b)} C {'none' if c is None else label(c)} {settings}".strip()
        function = lambda *t: onnx_gemm(*t, **attributes)
        inputs = [real(*a), real(*b), None if c is None else real(*c)]
        case(name, "Gemm", function, inputs, **attributes)

    for c in ([4], [2, 4], [1, 4], [2, 1], [], [1], [1, 1], None):
        add([2, 3], [3, 4], c)
        add([3, 2], [4, 3], c, transA=1, transB=1, alpha=0.5, beta=-1.5)
    add([2, 3], [4, 3], [4], transB=1)
    add([3, 2], [3, 4], [4], transA=1)
    add([2, 3], [3, 4], [4], alpha=2.0)
    add([2, 3], [3, 4], [4], beta=0.25)
    add([2, 3], [3, 4], None, alpha=0.25, beta=3.0)
    add([1, 3], [4, 3], [4], transB=1)
    add([3, 1], [1, 2], [3, 1])
    add([2, 3], [3, 1], [1])


MATMUL_SHAPES = [
    ([2, 3], [3, 4]),
    ([1, 3], [3, 2]),
    ([3, 1], [1, 2]),
    ([2, 2, 3], [2, 3, 2]),
    ([2, 2, 3], [3, 2]),
    ([2, 3], [2, 3, 2]),
    ([2, 1, 2, 3], [3, 3, 2]),
    ([1, 2, 3], [2, 3, 2]),
    ([3], [3, 4]),
    ([2, 3], [3]),
    ([3], [2, 3, 2]),
    ([2, 2, 3], [3]),
    ([3], [3]),
]


def make_matmul():
    for a, b in MATMUL_SHAPES:
        case(f"MatMul {label(a)} {label(b)}", "MatMul", torch.matmul, [real(*a), real(*b)])


# Not differentiable


def make_cast():
    to_double = lambda x: x.to(torch.float64)
    for data in (3, [0, -1, 2**40], [[1, 2, 3], [-4, 5, -6]]):
        case(f"Cast int64 {data}", "Cast", to_double, [plain(data, torch.int64)], to=11)
    case("Cast bool", "Cast", to_double, [plain([[True, False]], torch.bool)], to=11)


def one_hot(indices, depth, values, axis):
    """An index outside of [-depth, depth) gives a row without a hit."""
    depth = int(depth)
    axis = axis + indices.ndim + 1 if axis < 0 else axis
    places = torch.arange(depth).reshape([-1] + [1] * (indices.ndim - axis))
    wrapped = torch.where(indices < 0, indices + depth, indices)
    return torch.where(wrapped.unsqueeze(axis) == places, values[1], values[0])


def make_one_hot():
    def add(name, indices, depth, **attributes):
        axis = attributes.get("axis", -1)
        function = lambda i, d, v: one_hot(i, d, v, axis)
        inputs = [ints(indices), ints(depth), fixed([0.0, 1.0])]
        case(f"OneHot {name}", "OneHot", function, inputs, **attributes)

    add("1D", [0, 2, 1, 2], 3)
    add("axis 0", [0, 2, 1, 2], 3, axis=0)
    add("axis 1", [1, 0, 3], 4, axis=1)
    add("2D axis 1", [[0, 1], [2, 0]], 3, axis=1)
    add("2D axis -2", [[0, 1], [2, 0]], 3, axis=-2)
    add("batch 1", [1], 2, axis=-1)
    add("depth of shape 1", [0, 1], [2])
    add("negative index", [-1, 0, -3], 3)
    add("out of range", [3, 1, -4], 3)


COMPARISONS = [("Equal", torch.eq), ("Greater", torch.gt), ("Less", torch.lt)]
COMPARED = [
    ("same shape", [[1.0, 2.0, -3.0], [0.5, 0.0, 4.0]], [[1.0, 2.5, -3.0], [0.25, 1.0, 4.0]]),
    ("2x3 3", [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]], [1.0, 2.0, 2.0]),
    ("2x1 3", [[1.0], [2.0]], [1.0, 2.0, 3.0]),
    ("scalar right", [[1.0, 2.0], [0.0, -1.0]], 1.0),
    ("scalar left", 0.5, [0.25, 0.5, 0.75]),
]


def make_comparisons():
    for op, function in COMPARISONS:
        for name, a, b in COMPARED:
            case(f"{op} {name}", op, function, [plain(a), plain(b)])
        integers = [plain(data, torch.int64) for data in ([[1], [5], [-2]], [1, 4])]
        case(f"{op} int64", op, function, integers)
    flags = [plain(data, torch.bool) for data in ([True, True, False], [[True], [False]])]
    case("Equal bool", "Equal", torch.eq, flags)


def make_logic():
    table = [[True, True, False, False], [True, False, True, False]]
    pairs = [
        ("table", table[0], table[1]),
        ("2x2 2", [[True, False], [False, True]], [True, False]),
        ("2x1 3", [[True], [False]], [True, False, True]),
        ("scalar", True, [[True, False]]),
    ]
    for op, function in [("And", torch.logical_and), ("Or", torch.logical_or)]:
        for name, a, b in pairs:
            case(f"{op} {name}", op, function, [plain(a, torch.bool), plain(b, torch.bool)])
    for data in (True, [True, False, True], [[True], [False]]):
        case(f"Not {data}", "Not", torch.logical_not, [plain(data, torch.bool)])


# The file


def write(path, cases):
    """Compact JSON with one case a line."""
    assert len({c["name"] for c in cases}) == len(cases), "the names of cases must differ"
    lines = [json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases]
    path.write_text('{"cases":[\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def finish(generator):
    """Write all cases beside the generator, `make_x.py` to `x.json`."""
    path = Path(generator).resolve()
    path = path.with_name(path.stem.replace("make_", "") + ".json")
    write(path, CASES)
    ops = {c["op"] for c in CASES}
    print(f"{path.name}: {len(CASES)} cases of {len(ops)} operators, {path.stat().st_size} bytes")


def main():
    torch.set_num_threads(1)
    make_unary()
    make_leaky_relu()
    make_binary()
    make_clip()
    make_where()
    make_softmax()
    make_reductions()
    make_reshape()
    make_flatten()
    make_transpose()
    make_squeeze()
    make_unsqueeze()
    make_expand()
    make_concat()
    make_slice()
    make_gather()
    make_gemm()
    make_matmul()
    make_cast()
    make_one_hot()
    make_comparisons()
    make_logic()
    finish(__file__)


if __name__ == "__main__":
    main()
