#!/usr/bin/python3
"""Make spatial.json: golden vectors of pooling, padding and resampling (opset 17).

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_spatial.py

It writes spatial.json beside itself, in the format of make_ops.py; a second
run writes the same bytes. MaxPool has two outputs; its indices have a null
cotangent. The references follow ONNX's specification; where PyTorch has the
same function, they are compared with it.
"""
import itertools
import math
import sys
import zlib
from pathlib import Path

import torch
from torch.nn import functional as F

sys.dont_write_bytecode = True
from make_ops import fixed, ints, label, real, spaced, uniform, values, write, write_input, write_output  # noqa: E402

CASES = []
MAX_POOLS = [None, F.max_pool1d, F.max_pool2d, F.max_pool3d]
AVG_POOLS = [None, F.avg_pool1d, F.avg_pool2d, F.avg_pool3d]


def case(name, op, function, inputs, **attributes):
    """Add a case; `function` returns one output or several, of which the first is differentiable."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    drawn = [None if draw is None else draw(generator) for draw in inputs]
    wanted = [d[0].requires_grad_(True) for d in drawn if d is not None and d[2]]
    result = function(*[None if d is None else d[0] for d in drawn])
    outputs = list(result) if isinstance(result, tuple) else [result]
    cotangent = uniform(generator, outputs[0].shape, -1.0, 1.0)
    gradients = iter(torch.autograd.grad((outputs[0] * cotangent).sum(), wanted))
    matched = [next(gradients) if d is not None and d[2] else None for d in drawn]
    cotangents = [cotangent] + [None] * (len(outputs) - 1)
    CASES.append(
        {
            "name": name,
            "op": op,
            "attributes": attributes,
            "inputs": [write_input(d, g) for d, g in zip(drawn, matched)],
            "outputs": [write_output(o, c) for o, c in zip(outputs, cotangents)],
        }
    )


def named(op, shape, attributes):
    settings = " ".join(f"{k} {v}" for k, v in attributes.items())
    return f"{op} {label(shape)} {settings}".strip().replace(", ", ",")


# Windows


def windows(size, kernel, stride, dilation, begin, end, auto_pad, ceil_mode):
    """One axis: (number of windows, begin, end), padding included."""
    extent = (kernel - 1) * dilation + 1
    if auto_pad == "VALID":
        begin = end = 0
    if auto_pad.startswith("SAME"):
        total = max(0, (math.ceil(size / stride) - 1) * stride + extent - size)
        begin, end = total // 2, total - total // 2
        if auto_pad == "SAME_LOWER":
            begin, end = end, begin
    steps = (size + begin + end - extent) / stride
    out = (math.ceil(steps) if ceil_mode else math.floor(steps)) + 1
    if ceil_mode and (out - 1) * stride >= size + begin:
        out -= 1
    return out, begin, end


class Windows:
    """The windows of a pooling node, from its attributes."""

    def __init__(self, shape, kernel_shape, strides=None, dilations=None, pads=None, auto_pad="NOTSET", ceil_mode=0, **_):
        rank = len(kernel_shape)
        self.rank = rank
        self.size = shape[2:]
        self.kernel = kernel_shape
        self.stride = strides or [1] * rank
        self.dilation = dilations or [1] * rank
        pads = pads or [0] * 2 * rank
        found = [
            windows(*each, auto_pad, ceil_mode)
            for each in zip(self.size, self.kernel, self.stride, self.dilation, pads[:rank], pads[rank:])
        ]
        self.out, self.begin, self.end = (list(each) for each in zip(*found))

    def reach(self):
        """What is to be put behind each axis so that all windows are full."""
        covered = [(o - 1) * s + (k - 1) * d + 1 for o, s, k, d in zip(self.out, self.stride, self.kernel, self.dilation)]
        return [max(0, c - b - n) for c, b, n in zip(covered, self.begin, self.size)]

    def pad(self, x, value, ends=None):
        pairs = list(zip(self.begin, self.reach() if ends is None else ends))
        return F.pad(x, [p for pair in reversed(pairs) for p in pair], value=value)

    def crop(self, y):
        """Floor leaves out windows that PyTorch would find in the padding."""
        return y[(slice(None), slice(None), *(slice(0, o) for o in self.out))]

    def is_symmetric(self):
        return self.begin == self.end and all(2 * b <= k for b, k in zip(self.begin, self.kernel))


def onnx_max_pool(x, **attributes):
    w = Windows(list(x.shape), **attributes)
    pool = MAX_POOLS[w.rank]
    padded = w.pad(x, -math.inf)
    y, index = pool(padded, w.kernel, w.stride, 0, w.dilation, False, True)
    y, index = w.crop(y), w.crop(index)
    if w.is_symmetric():
        expected = pool(x, w.kernel, w.stride, w.begin, w.dilation, bool(attributes.get("ceil_mode")))
        assert torch.equal(y, expected)
    places = []
    for size, padded_size, begin in reversed(list(zip(w.size, padded.shape[2:], w.begin))):
        places.insert(0, index % padded_size - begin)
        index = torch.div(index, padded_size, rounding_mode="floor")
    planes = torch.arange(x.shape[0] * x.shape[1]).reshape(x.shape[0], x.shape[1], *[1] * w.rank)
    order = range(w.rank) if not attributes.get("storage_order") else reversed(range(w.rank))
    found = planes
    for i in order:
        found = found * w.size[i] + places[i]
    return y, found


def onnx_average_pool(x, count_include_pad=0, **attributes):
    w = Windows(list(x.shape), **attributes)
    pool = lambda t: w.crop(AVG_POOLS[w.rank](t, w.kernel, w.stride))
    ones = torch.ones_like(x)
    if count_include_pad:
        behind = [r - e for r, e in zip(w.reach(), w.end)]
        ones = w.pad(ones, 1.0, w.end)
        ones = F.pad(ones, [p for b in reversed(behind) for p in (0, b)])
    else:
        ones = w.pad(ones, 0.0)
    y = pool(w.pad(x, 0.0)) / pool(ones)
    if w.is_symmetric():
        ceil_mode = bool(attributes.get("ceil_mode"))
        expected = AVG_POOLS[w.rank](x, w.kernel, w.stride, w.begin, ceil_mode, bool(count_include_pad))
        assert torch.allclose(y, expected, rtol=1e-12)
    return y


def onnx_lp_pool(x, p=2, **attributes):
    w = Windows(list(x.shape), **attributes)
    summed = AVG_POOLS[w.rank](w.pad(x.abs() ** p, 0.0), w.kernel, w.stride) * math.prod(w.kernel)
    return w.crop(summed) ** (1 / p)


def windowed(op, function, draw):
    def add(shape, kernel, **attributes):
        attributes = {"kernel_shape": kernel, **attributes}
        case(named(op, shape, attributes), op, lambda x: function(x, **attributes), [draw(*shape)], **attributes)

    return add


def add_common(add):
    """What all pooling operators do."""
    add([1, 1, 4, 4], [2, 2], strides=[2, 2])
    add([2, 2, 6, 4], [3, 2], strides=[3, 2])
    add([2, 3, 5, 5], [3, 3])
    add([1, 2, 7, 6], [3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    add([2, 1, 5, 6], [2, 3], strides=[1, 2], pads=[1, 0, 0, 2])
    add([1, 2, 5, 7], [3, 2], strides=[2, 2], auto_pad="SAME_UPPER")
    add([1, 2, 5, 7], [3, 2], strides=[2, 2], auto_pad="SAME_LOWER")
    add([1, 2, 5, 7], [3, 2], strides=[2, 2], auto_pad="VALID")
    add([1, 2, 4, 4], [1, 1])
    add([1, 2, 5, 5], [1, 1], strides=[2, 2])
    add([2, 1, 4, 5], [4, 5])
    add([2, 2, 7], [3], strides=[2], pads=[1, 0])
    add([1, 1, 8], [2], strides=[2])
    add([1, 2, 4, 3, 5], [2, 2, 3], strides=[2, 1, 1], pads=[0, 1, 0, 1, 0, 1])


def add_ceil(add, **attributes):
    add([1, 1, 5, 6], [2, 3], strides=[2, 2], ceil_mode=1, **attributes)
    add([1, 2, 6], [3], strides=[2], pads=[1, 1], ceil_mode=1, **attributes)


def make_max_pool():
    add = windowed("MaxPool", onnx_max_pool, spaced)
    add_common(add)
    add_ceil(add)
    add([1, 1, 7, 6], [2, 3], dilations=[2, 2])
    add([2, 1, 7, 7], [3, 2], strides=[2, 1], dilations=[2, 3], pads=[1, 0, 1, 1])
    add([1, 1, 9], [3], strides=[2], dilations=[3], pads=[2, 1])
    add([1, 1, 6, 7], [4, 3], strides=[2, 2], pads=[2, 1, 1, 1])
    add([1, 2, 4, 4, 4], [3, 3, 3], strides=[1, 1, 1], pads=[1] * 6)
    add([1, 2, 4, 5], [2, 2], storage_order=1)
    add([2, 1, 5, 6], [4, 4], storage_order=1)
    add([1, 1, 7, 7], [5, 5], strides=[2, 2], pads=[2] * 4, ceil_mode=1)
    ties = [[[[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 1.5, 0.0, 0.0], [0.0, 0.0, 0.0, 2.5]]]]
    for kernel in ([2, 2], [3, 3], [4, 3]):
        attributes = {"kernel_shape": kernel, "pads": [1, 1, 1, 1], "strides": [1, 2]}
        case(f"MaxPool ties {kernel}", "MaxPool", lambda x: onnx_max_pool(x, **attributes), [values(ties)], **attributes)


def make_average_pool():
    add = windowed("AveragePool", onnx_average_pool, real)
    add_common(add)
    add_ceil(add)
    add([1, 2, 7, 6], [3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
    add([2, 1, 5, 6], [2, 3], strides=[1, 2], pads=[1, 0, 0, 2], count_include_pad=1)
    add([1, 2, 5, 7], [3, 2], strides=[2, 2], auto_pad="SAME_UPPER", count_include_pad=1)
    add([1, 2, 4, 3, 5], [2, 2, 3], strides=[2, 1, 1], pads=[0, 1, 0, 1, 0, 1], count_include_pad=1)
    add([1, 2, 6], [3], strides=[2], pads=[1, 1], count_include_pad=1)
    add([2, 1, 6, 3, 4], [3, 3, 2], strides=[3, 3, 2])
    add_ceil(add, count_include_pad=1)


def make_lp_pool():
    draw = lambda *shape: real(*shape, kinks=(0.0,))
    add = windowed("LpPool", onnx_lp_pool, draw)
    add_common(add)
    for p in (1, 2, 3):
        add([1, 2, 5, 4], [3, 2], strides=[2, 1], pads=[1, 0, 1, 1], p=p)
    zeros = [[[0.0, 0.0, 0.0, 1.0, -2.0]]]
    attributes = {"kernel_shape": [2], "p": 2}
    case("LpPool zeros", "LpPool", lambda x: lp_with_zeros(x), [values(zeros)], **attributes)


def lp_with_zeros(x):
    """sqrt has no slope at 0; we take 0 there, as PyTorch's norm does."""
    return torch.stack([torch.linalg.vector_norm(x[..., i : i + 2], dim=-1) for i in range(x.shape[-1] - 1)], dim=-1)


GLOBAL_SHAPES = [[1, 1, 1, 1], [2, 3, 4, 5], [1, 2, 6], [2, 1, 2, 3, 2]]


def make_global():
    for shape in GLOBAL_SHAPES:
        axes = list(range(2, len(shape)))
        case(f"GlobalAveragePool {label(shape)}", "GlobalAveragePool", lambda x: x.mean(axes, True), [real(*shape)])
        case(f"GlobalMaxPool {label(shape)}", "GlobalMaxPool", lambda x: x.amax(axes, True), [spaced(*shape, offset=0.05)])
        for attributes in ({}, {"p": 1}, {"p": 3}):
            p = attributes.get("p", 2)
            norm = lambda x: (x.abs() ** p).sum(axes, True) ** (1 / p)
            inputs = [real(*shape, kinks=(0.0,))]
            case(named("GlobalLpPool", shape, attributes), "GlobalLpPool", norm, inputs, **attributes)
    ties = values([[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]])
    case("GlobalMaxPool ties", "GlobalMaxPool", lambda x: x.amax([2], True), [ties])


# Padding


def padded_index(position, size, mode):
    if mode == "edge":
        return min(max(position, 0), size - 1)
    while not 0 <= position < size:
        position = -position if position < 0 else 2 * (size - 1) - position
    return position


def onnx_pad(x, pads, value, mode="constant"):
    pads = pads.tolist()
    pairs = list(zip(pads[: x.ndim], pads[x.ndim :]))
    if mode == "constant":
        backwards = [p for pair in reversed(pairs) for p in pair]
        y = F.pad(x, backwards)
        return y if value is None else y + (1 - F.pad(torch.ones_like(x), backwards)) * value.reshape([])
    for axis, (begin, end) in enumerate(pairs):
        size = x.shape[axis]
        index = [padded_index(i - begin, size, mode) for i in range(size + begin + end)]
        x = x.index_select(axis, torch.tensor(index))
    return x


def make_pad():
    def add(shape, pads, value=None, **attributes):
        name = named("Pad", shape, attributes) + f" {pads}".replace(", ", ",") + ("" if value is None else " value")
        function = lambda x, p, v: onnx_pad(x, p, v, **attributes)
        case(name, "Pad", function, [real(*shape), ints(pads), value], **attributes)

    add([3], [1, 2])
    add([2, 3], [0, 1, 2, 0])
    add([1, 2, 3, 3], [0, 0, 1, 1, 0, 0, 1, 1])
    add([2, 3], [0, 0, 0, 0])
    add([2, 3], [1, 0, 0, 2], fixed(1.5), mode="constant")
    add([4], [2, 1], fixed([-0.5]))
    add([2, 3], [1, 1, 0, 2], real())
    add([4, 5], [-1, 2, -1, -2], real())
    add([4, 5], [-1, -2, 0, -1])
    add([3, 4], [1, -1, -1, 2], fixed(0.25))
    for mode in ("reflect", "edge"):
        add([4], [1, 3], mode=mode)
        add([1, 2, 3, 4], [0, 0, 2, 1, 0, 0, 1, 3], mode=mode)
        add([3, 3], [2, 0, 2, 1], mode=mode)
        add([2, 3, 4], [1, 0, 2, 0, 2, 0], mode=mode)
    add([1, 3], [0, 4, 2, 5], mode="edge")


# Resampling


def nearest_index(x, mode):
    low = math.floor(x)
    return {
        "floor": low,
        "ceil": math.ceil(x),
        "round_prefer_floor": low if x - low <= 0.5 else low + 1,
        "round_prefer_ceil": low if x - low < 0.5 else low + 1,
    }[mode]


def cubic_weights(x, a):
    """Keys' kernel at the four elements around x."""
    weights = {}
    for place in range(math.floor(x) - 1, math.floor(x) + 3):
        d = abs(x - place)
        near = (a + 2) * d**3 - (a + 3) * d**2 + 1
        far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
        weights[place] = near if d <= 1 else far if d < 2 else 0.0
    return weights


def original(i, size, out, scale, coordinates):
    if coordinates == "asymmetric":
        return i / scale
    if coordinates == "align_corners":
        return 0.0 if out == 1 else i * (size - 1) / (out - 1)
    if coordinates == "pytorch_half_pixel" and out == 1:
        return 0.0
    return (i + 0.5) / scale - 0.5


def interpolation(size, out, scale, options):
    """The matrix [out, size] of one axis."""
    matrix = torch.zeros(out, size, dtype=torch.float64)
    mode = options.get("mode", "nearest")
    inside = lambda place: min(max(place, 0), size - 1)
    for i in range(out):
        x = original(i, size, out, scale, options.get("coordinate_transformation_mode", "half_pixel"))
        if mode == "nearest":
            weights = {nearest_index(x, options.get("nearest_mode", "round_prefer_floor")): 1.0}
        elif mode == "linear":
            x = min(max(x, 0.0), size - 1.0)
            weights = {math.floor(x): 1 - x + math.floor(x), math.floor(x) + 1: x - math.floor(x)}
        else:
            weights = cubic_weights(x, options.get("cubic_coeff_a", -0.75))
            if options.get("exclude_outside"):
                weights = {k: v for k, v in weights.items() if 0 <= k < size}
                total = sum(weights.values())
                weights = {k: v / total for k, v in weights.items()}
        for place, weight in weights.items():
            matrix[i, inside(place)] += weight
    return matrix


TORCH_MODES = {
    # mode, coordinates, nearest_mode: PyTorch's mode, align_corners
    ("nearest", "asymmetric", "floor"): ("nearest", None),
    ("nearest", "half_pixel", "round_prefer_ceil"): ("nearest-exact", None),
    ("linear", "half_pixel", None): ("linear", False),
    ("linear", "align_corners", None): ("linear", True),
    ("cubic", "half_pixel", None): ("bicubic", False),
    ("cubic", "align_corners", None): ("bicubic", True),
}
LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}


def compare(x, y, scales, sizes, options):
    """PyTorch's interpolate must give the same, where it has the mode."""
    key = tuple(options.get(k) for k in ("mode", "coordinate_transformation_mode", "nearest_mode"))
    if key not in TORCH_MODES or list(x.shape[:2]) != list(y.shape[:2]) or "exclude_outside" in options:
        return
    mode, align = TORCH_MODES[key]
    how = {"scale_factor": scales[2:]} if scales else {"size": sizes[2:]}
    mode = LINEAR[x.ndim] if mode == "linear" else mode
    assert torch.allclose(y, F.interpolate(x, **how, mode=mode, align_corners=align), rtol=1e-9, atol=1e-9)


def onnx_resize(x, scales, sizes, options):
    y = x
    for axis, size in enumerate(x.shape):
        scale = scales[axis] if scales else sizes[axis] / size
        out = sizes[axis] if sizes else math.floor(size * scale)
        matrix = interpolation(size, out, scale, options)
        y = torch.tensordot(y, matrix, dims=([axis], [1])).movedim(-1, axis)
    compare(x, y, scales, sizes, options)
    return y


def make_resize():
    def add(shape, scales=None, sizes=None, **options):
        name = named("Resize", shape, {"to": sizes or scales, **options})
        function = lambda x, *_: onnx_resize(x, scales, sizes, options)
        inputs = [real(*shape), None, scales and fixed([float(s) for s in scales]), sizes and ints(sizes)]
        case(name, "Resize", function, inputs, **options)

    coordinates = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]
    for c, n in itertools.product(coordinates, ["floor", "round_prefer_floor", "round_prefer_ceil", "ceil"]):
        options = {"mode": "nearest", "coordinate_transformation_mode": c, "nearest_mode": n}
        add([1, 2, 2, 3], [1, 1, 2, 3], **options)
        add([1, 1, 3, 4], sizes=[1, 1, 5, 3], **options)
    for mode, c in itertools.product(["linear", "cubic"], coordinates):
        options = {"mode": mode, "coordinate_transformation_mode": c}
        add([1, 2, 2, 3], [1, 1, 2, 2], **options)
        add([2, 1, 4, 5], sizes=[2, 1, 6, 3], **options)
        add([1, 1, 4, 4], [1, 1, 0.5, 1.75], **options)
        add([1, 1, 3, 3], sizes=[1, 1, 1, 4], **options)
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    add([1, 2, 3], [1, 1, 2], **nearest)
    add([1, 1, 2, 2, 3], [1, 1, 2, 3, 1], **nearest)
    add([2, 2, 4, 4], [1, 1, 0.5, 0.5], **nearest)
    add([2, 3], [2, 2], **nearest)
    add([1, 1, 4, 4], sizes=[1, 1, 4, 4], **nearest)
    add([1, 2, 5], [1, 1, 2], mode="linear", coordinate_transformation_mode="half_pixel")
    add([1, 1, 2, 3, 2], [1, 1, 2, 1, 1.5], mode="linear", coordinate_transformation_mode="half_pixel")
    add([3, 4], [2, 0.75], mode="linear", coordinate_transformation_mode="half_pixel")
    add([1, 1, 3, 3], [1, 1, 2, 2])
    add([1, 1, 4, 4], sizes=[1, 1, 7, 5], mode="cubic", cubic_coeff_a=-0.5)
    add([1, 1, 4, 4], sizes=[1, 1, 7, 5], mode="cubic", exclude_outside=1)


# Depth and space


def depth_to_space(x, blocksize, mode="DCR"):
    n, c, h, w = x.shape
    b = blocksize
    if mode == "CRD":
        return F.pixel_shuffle(x, b)
    split = x.reshape(n, b, b, c // b**2, h, w)
    return split.permute(0, 3, 4, 1, 5, 2).reshape(n, c // b**2, h * b, w * b)


def space_to_depth(x, blocksize):
    n, c, h, w = x.shape
    b = blocksize
    split = x.reshape(n, c, h // b, b, w // b, b)
    return split.permute(0, 3, 5, 1, 2, 4).reshape(n, c * b**2, h // b, w // b)


def make_depth():
    def add(op, function, shape, **attributes):
        case(named(op, shape, attributes), op, lambda x: function(x, **attributes), [real(*shape)], **attributes)

    for attributes in ({"blocksize": 2}, {"blocksize": 2, "mode": "DCR"}, {"blocksize": 2, "mode": "CRD"}):
        add("DepthToSpace", depth_to_space, [1, 4, 1, 2], **attributes)
        add("DepthToSpace", depth_to_space, [2, 8, 2, 3], **attributes)
    add("DepthToSpace", depth_to_space, [1, 18, 2, 1], blocksize=3, mode="CRD")
    add("DepthToSpace", depth_to_space, [1, 18, 2, 1], blocksize=3)
    add("DepthToSpace", depth_to_space, [1, 2, 2, 2], blocksize=1, mode="CRD")
    add("SpaceToDepth", space_to_depth, [1, 1, 2, 4], blocksize=2)
    add("SpaceToDepth", space_to_depth, [2, 2, 4, 2], blocksize=2)
    add("SpaceToDepth", space_to_depth, [1, 2, 3, 6], blocksize=3)


# The vocabulary: PyTorch's own functions


def make_vocabulary():
    def add(op, function, shape, draw=real, **options):
        case(named(op, shape, options), op, function, [draw(*shape)], **options)

    def add_max(shape, kernel, stride=None, padding=0, dilation=1, ceil=0):
        options = {"kernelSize": kernel, "padding": padding, "dilation": dilation, "ceilMode": ceil}
        options = {**options, **({"stride": stride} if stride else {})}
        pool = MAX_POOLS[len(shape) - 2]
        add("maxPool2d", lambda x: pool(x, kernel, stride, padding, dilation, bool(ceil)), shape, spaced, **options)

    def add_average(shape, kernel, stride=None, padding=0, ceil=0, include=None):
        options = {"kernelSize": kernel, "padding": padding, "ceilMode": ceil}
        options = {**options, **({"stride": stride} if stride else {})}
        options = {**options, **({} if include is None else {"countIncludePad": include})}
        pool = AVG_POOLS[len(shape) - 2]
        counts = include is None or bool(include)
        add("avgPool2d", lambda x: pool(x, kernel, stride, padding, bool(ceil), counts), shape, **options)

    for pool in (add_max, add_average):
        pool([2, 2, 4, 6], 2)
        pool([1, 1, 7, 6], [3, 2], [2, 1], [1, 0])
        pool([1, 1, 3, 3], 2, 2, 1, ceil=1)
        pool([1, 1, 5, 7], [3, 2], 2, 1, ceil=1)
        pool([1, 2, 7], 3, 2, 1)
        pool([1, 1, 4, 3, 4], 2)
    add_max([1, 1, 7, 8], 2, 2, 1, [2, 3])
    add_average([1, 1, 5, 5], 3, 2, 1, include=0)
    add_average([1, 1, 3, 3], 2, 2, 1, ceil=1, include=0)

    for pads, mode in [([1, 2], "constant"), ([1, 0, -1, 2], "constant"), ([1, 2, 2, 0], "reflect"), ([0, 3, 1, 1], "edge")]:
        function = lambda x: F.pad(x, pads, "replicate" if mode == "edge" else mode)
        add("pad", function, [1, 2, 3, 4], pads=pads, mode=mode)
    add("pad", lambda x: F.pad(x, [1, 1], value=0.5), [2, 2], pads=[1, 1], value=0.5)

    def add_resized(shape, mode, align=None, size=None, factor=None):
        options = {"mode": mode, **({} if align is None else {"alignCorners": align})}
        options = {**options, **({"size": size} if size else {"scaleFactor": factor})}
        align = None if mode.startswith("nearest") else bool(align)
        function = lambda x: F.interpolate(x, size=size, scale_factor=factor, mode=mode, align_corners=align)
        add("interpolate", function, shape, **options)

    for mode in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        add_resized([1, 2, 3, 4], mode, factor=2.0)
        add_resized([2, 1, 5, 4], mode, size=[3, 7])
        add_resized([1, 1, 4, 4], mode, factor=[0.5, 1.5])
        add_resized([1, 1, 3, 4], mode, size=[1, 5])
    for mode in ("bilinear", "bicubic"):
        add_resized([1, 2, 3, 4], mode, 1, factor=2.0)
        add_resized([1, 1, 5, 4], mode, 1, size=[3, 1])
    add_resized([1, 2, 5], "linear", size=8)
    add_resized([1, 2, 5], "nearest", size=8)
    for shape, factor in [([1, 8, 2, 3], 2), ([2, 9, 1, 1], 3)]:
        add("pixelShuffle", lambda x: F.pixel_shuffle(x, factor), shape, upscaleFactor=factor)
    add("globalAveragePool", lambda x: F.adaptive_avg_pool2d(x, 1), [2, 3, 4, 2])
    add("globalMaxPool", lambda x: x.amax([2, 3], True), [2, 3, 4, 2], spaced)


def main():
    torch.set_num_threads(1)
    make_max_pool()
    make_average_pool()
    make_lp_pool()
    make_global()
    make_pad()
    make_resize()
    make_depth()
    make_vocabulary()
    path = Path(__file__).resolve().with_name("spatial.json")
    write(path, CASES)
    print(f"{path.name}: {len(CASES)} cases of {len({c['op'] for c in CASES})} operators, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
