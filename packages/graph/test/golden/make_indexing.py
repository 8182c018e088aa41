#!/usr/bin/python3
"""Make indexing.json: operators that pick, place, rank and restructure, and sequence blocks built from them.

The format is that of ops.json (see make_ops.py). Names in lower case are functions of the vocabulary. Recurrent
operators are checked against torch.nn.RNN, GRU and LSTM, whose gates ONNX has in another order.

    /usr/bin/python3 make_indexing.py
"""
import math
import sys
import zlib
from pathlib import Path

import torch

sys.dont_write_bytecode = True
from make_ops import DTYPES, bools, fixed, ints, label, plain, real, spaced, uniform  # noqa: E402
from make_ops import write, write_input, write_output  # noqa: E402

DTYPES.update({torch.int32: "int32", torch.uint8: "uint8", torch.int8: "int8"})
CASES = []


def case(name, op, function, inputs, **attributes):
    """Like make_ops.case, for any number of outputs."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    drawn = [None if draw is None else draw(generator) for draw in inputs]
    wanted = [d[0].requires_grad_(True) for d in drawn if d is not None and d[2]]
    outputs = function(*[None if d is None else d[0] for d in drawn])
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    through = [bool(wanted) and y.dtype == torch.float64 for y in outputs]
    cotangents = [uniform(generator, y.shape, -1.0, 1.0) if t else None for y, t in zip(outputs, through)]
    gradients = iter(())
    if wanted:
        loss = sum((y * c).sum() for y, c in zip(outputs, cotangents) if c is not None)
        gradients = iter(torch.autograd.grad(loss, wanted))
    CASES.append(
        {
            "name": name,
            "op": op,
            "attributes": attributes,
            "inputs": [write_input(d, next(gradients) if d is not None and d[2] else None) for d in drawn],
            "outputs": [write_output(y, c) for y, c in zip(outputs, cotangents)],
        }
    )


def some(attributes):
    return " ".join(f"{k} {v}" for k, v in attributes.items())


# Structure


def make_structure():
    for shape, sizes, axis in [([5], [2, 3], 0), ([2, 4], [1, 2, 1], 1), ([2, 2, 3], [1, 2], -1), ([1, 2], [2], 1)]:
        function = lambda x, s: torch.split(x * 1.0, s.tolist(), dim=axis)
        case(f"Split {label(shape)} {sizes} axis {axis}", "Split", function, [real(*shape), ints(sizes)], axis=axis)
    for shape, repeats in [([3], [2]), ([2, 3], [2, 2]), ([2, 3], [1, 1]), ([2, 1, 2], [1, 3, 2]), ([1, 1], [1, 4])]:
        function = lambda x, r: x.repeat(r.tolist())
        case(f"Tile {label(shape)} {repeats}", "Tile", function, [real(*shape), ints(repeats)])
    for shape, k, upper in [([3, 3], None, 1), ([3, 4], 1, 1), ([2, 3, 3], -1, 0), ([4, 2], 0, 0), ([1, 1], 1, 1)]:
        function = lambda x, k: (torch.triu if upper else torch.tril)(x, 0 if k is None else int(k))
        inputs = [real(*shape), None if k is None else ints(k)]
        case(f"Trilu {label(shape)} {k} upper {upper}", "Trilu", function, inputs, upper=upper)
    for shape, axis in [([4], 0), ([2, 3], 1), ([2, 3, 2], -2), ([1, 3], -1)]:
        for exclusive in (0, 1):
            for reverse in (0, 1):
                flags = {"exclusive": exclusive, "reverse": reverse}
                function = lambda x, a: cumulate(x, int(a), exclusive, reverse)
                case(f"CumSum {label(shape)} axis {axis} {some(flags)}", "CumSum", function, [real(*shape), ints(axis)], **flags)
    for shape, lengths, time in [([4, 3], [4, 1, 2], 0), ([2, 3, 2], [2, 3], 1), ([1, 3], [2], 1)]:
        function = lambda x, n: reverse_sequence(x, n.tolist(), time)
        inputs = [real(*shape), ints(lengths)]
        attributes = {"batch_axis": 1 - time, "time_axis": time}
        case(f"ReverseSequence {label(shape)} {lengths} time {time}", "ReverseSequence", function, inputs, **attributes)
    case("CastLike 2x3", "CastLike", lambda x, _: x * 1.0, [real(2, 3), fixed([1.0])])
    case("CastLike int64", "CastLike", lambda x, _: x.to(torch.float64), [plain([1, -2], torch.int64), fixed(0.0)])


def cumulate(x, axis, exclusive, reverse):
    turned = x.flip(axis) if reverse else x
    total = turned.cumsum(axis) - (turned if exclusive else 0.0)
    return total.flip(axis) if reverse else total


def reverse_sequence(x, lengths, time):
    y = x.transpose(0, time)
    columns = [torch.cat([y[:n, i].flip(0), y[n:, i]]) for i, n in enumerate(lengths)]
    return torch.stack(columns, 1).transpose(0, time)


# Gathering and scattering


def make_gathering():
    for shape, indices, axis in [([4, 3, 2], [1, 1], 1), ([3, 4], [[2, 0, 1]], 1), ([5, 2], [3, 0, 4], 0)]:
        name = f"Gather {label(shape)} constant {indices} axis {axis}"
        function = lambda x, i: x.index_select(axis, i.flatten()).reshape(x.shape[:axis] + i.shape + x.shape[axis + 1 :])
        case(name, "Gather", function, [real(*shape), ints(indices)], axis=axis)
        moving = [real(*shape), plain(indices, torch.int64)]
        case(name.replace("constant", "fed"), "Gather", function, moving, axis=axis)
    embed = lambda x, i: x[i]
    case("Gather embedding", "Gather", embed, [real(6, 3), plain([[5, 0, 0], [2, 5, -1]], torch.int64)], axis=0)
    for shape, indices, axis in ELEMENTS:
        name = f"{label(shape)} {indices} axis {axis}"
        function = lambda x, i: x.gather(axis, i % x.shape[axis])
        case(f"GatherElements {name}", "GatherElements", function, [real(*shape), plain(indices, torch.int64)], axis=axis)
        size = list(torch.tensor(indices).shape)
        added = lambda x, i, u: x.scatter_add(axis, i % x.shape[axis], u)
        inputs = [real(*shape), plain(indices, torch.int64), real(*size)]
        case(f"ScatterElements add {name}", "ScatterElements", added, inputs, axis=axis, reduction="add")
    for shape, indices, axis in [([3, 3], [[1, 0, 2]], 0), ([1, 5], [[3, -4]], 1), ([2, 4], [[2], [0]], -1)]:
        size = list(torch.tensor(indices).shape)
        placed = lambda x, i, u: x.scatter(axis, i % x.shape[axis], u)
        inputs = [real(*shape), plain(indices, torch.int64), real(*size)]
        case(f"ScatterElements {label(shape)} {indices} axis {axis}", "ScatterElements", placed, inputs, axis=axis)
    for shape, indices, batch in GATHERED:
        function = lambda x, i: gather_nd(x, i, batch)
        inputs = [real(*shape), plain(indices, torch.int64)]
        case(f"GatherND {label(shape)} {indices} batch {batch}", "GatherND", function, inputs, batch_dims=batch)
    for shape, indices, reduction in SCATTERED:
        places = torch.tensor(indices)
        size = list(places.shape[:-1]) + shape[places.shape[-1] :]
        key = lambda i: tuple(i.reshape(-1, i.shape[-1]).T)
        flat = lambda i, u: u.reshape([-1] + list(u.shape[i.ndim - 1 :]))
        function = lambda x, i, u: x.index_put(key(i), flat(i, u), accumulate=reduction == "add")
        inputs = [real(*shape), plain(indices, torch.int64), real(*size)]
        case(f"ScatterND {label(shape)} {indices} {reduction}", "ScatterND", function, inputs, reduction=reduction)
    for shape, keep, axis in [([4, 2], [True, False, True], 0), ([2, 3], [False, True, True], 1), ([1, 2], [False, True], -1)]:
        positions = torch.tensor([i for i, k in enumerate(keep) if k])
        function = lambda x, _: x.index_select(axis, positions)
        case(f"Compress {label(shape)} {keep} axis {axis}", "Compress", function, [real(*shape), bools(keep)], axis=axis)
    flat_kept = lambda x, c: x.flatten()[: c.numel()][c]
    case("Compress flat", "Compress", flat_kept, [real(2, 3), bools([False, True, False, False, True])])


ELEMENTS = [([3, 3], [[1, 1, 2]], 0), ([2, 3], [[0, 0], [2, -1]], 1), ([2, 2, 2], [[[0, 1]], [[1, 1]]], -2), ([4], [3, 3, 0], 0), ([1, 3], [[2, 2]], 1)]
GATHERED = [
    ([2, 3], [[0, 0], [1, 2]], 0),
    ([2, 3], [[1], [1], [0]], 0),
    ([2, 3, 2], [[[0], [2]], [[1], [1]]], 1),
    ([2, 2, 3], [[[2], [0]], [[1], [1]]], 2),
    ([1, 3, 2], [[[2, 0], [2, 0]]], 1),
    ([2, 3, 2], [[-1, 0]], 0),
]
SCATTERED = [
    ([4], [[1], [3]], "none"),
    ([4, 2], [[2], [0]], "none"),
    ([2, 3], [[0, 1], [1, 2], [0, 0]], "none"),
    ([4, 2], [[1], [1], [3]], "add"),
    ([2, 3, 2], [[[0, 1], [1, 1]], [[0, 1], [0, 0]]], "add"),
    ([1, 3], [[0, -1]], "add"),
]


def gather_nd(x, indices, batch):
    if batch == 0:
        return x[tuple(indices.movedim(-1, 0))]
    return torch.stack([gather_nd(a, i, batch - 1) for a, i in zip(x, indices)])


# Ranking and generated values


def make_ranking():
    for shape, k, axis, largest in [([5], 2, 0, 1), ([2, 4], 3, -1, 0), ([3, 2, 2], 2, 0, 1), ([1, 4], 4, 1, 1), ([2, 3], 1, 1, 0)]:
        function = lambda x, k: tuple(torch.topk(x, int(k), dim=axis, largest=bool(largest)))
        name = f"TopK {label(shape)} {k} axis {axis} largest {largest}"
        case(name, "TopK", function, [spaced(*shape), ints([k])], axis=axis, largest=largest)
    for op, function in [("ArgMax", torch.argmax), ("ArgMin", torch.argmin)]:
        case(f"{op} axis 1", op, lambda x: function(x, 1), [plain([[1.0, 3.0, 2.0], [0.0, -1.0, 5.0]])], axis=1, keepdims=0)
        case(f"{op} default", op, lambda x: function(x, 0, keepdim=True), [plain([[1.0, 3.0], [2.0, -1.0]])])
        case(f"{op} batch 1", op, lambda x: function(x, -1, keepdim=True), [plain([[0.5, 1.5]])], axis=-1)
        last = lambda x: x.shape[0] - 1 - function(x.flip(0), 0)
        case(f"{op} last", op, last, [plain([1.0, 2.0, 1.0, 2.0])], axis=0, keepdims=0, select_last_index=1)


def make_generated():
    shaped = lambda f: lambda *inputs: torch.tensor(f(*inputs), dtype=torch.int64)
    case("Shape 2x3", "Shape", shaped(lambda x: list(x.shape)), [plain([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])])
    case("Shape part", "Shape", shaped(lambda x: list(x.shape)[-2:]), [plain([[[1.0, 2.0]]])], start=-2)
    case("Shape end", "Shape", shaped(lambda x: list(x.shape)[0:1]), [plain([[[1.0, 2.0]]])], end=1)
    case("Size 1x2", "Size", shaped(lambda x: x.numel()), [plain([[1.0, 2.0]])])
    case("ConstantOfShape 2x2", "ConstantOfShape", lambda s: torch.zeros(s.tolist(), dtype=torch.float64), [ints([2, 2])])
    case("Range int64", "Range", lambda a, b, c: torch.arange(int(a), int(b), int(c)), [ints(1), ints(8), ints(3)])
    doubles = lambda a, b, c: torch.arange(float(a), float(b), float(c), dtype=torch.float64)
    case("Range down", "Range", doubles, [fixed(2.0), fixed(-1.0), fixed(-0.75)])
    case("NonZero", "NonZero", lambda x: x.nonzero().T, [fixed([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])])
    case("Unique flat", "Unique", lambda x: torch.unique(x), [ints([3, 1, 3, 2])])
    case("Unique axis 0", "Unique", lambda x: torch.unique(x, dim=0), [fixed([[1.0, 2.0], [0.0, 1.0], [1.0, 2.0]])], axis=0)
    eye = lambda x: torch.triu(torch.tril(torch.ones_like(x), 1), 1)
    case("EyeLike k 1", "EyeLike", eye, [plain([[0.0] * 4] * 3)], k=1)


def make_einsum():
    for equation, *shapes in EINSUMS:
        torch_equation = equation.replace(" ", "")
        function = lambda *operands: torch.einsum(torch_equation, *operands)
        case(f"Einsum {equation} {' '.join(map(label, shapes))}", "Einsum", function, [real(*s) for s in shapes], equation=equation)


EINSUMS = [
    ("ij,jk->ik", [2, 3], [3, 2]),
    ("bij, bjk -> bik", [1, 2, 3], [1, 3, 2]),
    ("bhid,bhjd->bhij", [1, 2, 2, 3], [1, 2, 3, 3]),
    ("ij->ji", [2, 3]),
    ("ij->", [2, 3]),
    ("ij->j", [2, 3]),
    ("i,j->ij", [2], [3]),
    ("i,i->", [3], [3]),
    ("ij,jk", [2, 3], [3, 2]),
    ("ij,jk->k", [2, 3], [3, 2]),
    ("...ij,...jk->...ik", [2, 2, 3], [2, 3, 2]),
    ("...i,i->...", [2, 2, 3], [3]),
    ("...ij->...ji", [2, 1, 3]),
    ("b...,b...->...", [2, 1, 3], [2, 2, 3]),
    ("i,ij,j->", [2], [2, 3], [3]),
]


# Attention


def attend(q, k, v, mask=None, causal=False, scale=None):
    scores = q @ k.transpose(-1, -2) * (scale or 1 / math.sqrt(q.shape[-1]))
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
    if causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), -math.inf)
    return scores.softmax(-1) @ v


def make_attention():
    op = "scaledDotProductAttention"
    qkv = [real(2, 2, 3, 2), real(2, 2, 4, 2), real(2, 2, 4, 3)]
    case(f"{op} plain", op, attend, qkv)
    case(f"{op} one", op, attend, [real(1, 1, 2)] * 2 + [real(1, 1, 3)])
    case(f"{op} scale", op, lambda *t: attend(*t, scale=0.25), qkv, scale=0.25)
    square = [real(1, 2, 3, 2)] * 3
    case(f"{op} causal", op, lambda *t: attend(*t, causal=True), square, causal=1)
    tokens = bools([[[[True, True, False, True]]], [[[True, False, False, False]]]])
    case(f"{op} padding", op, attend, [*qkv, tokens])
    case(f"{op} added mask", op, attend, [*qkv, real(3, 4)])
    both = bools([[[[True, True, False]]]])
    case(f"{op} padding causal", op, lambda *t: attend(*t, causal=True), [*square, both], causal=1)
    for interleaved in (0, 1):
        function = lambda x, cos, sin: rotate(x, cos, sin, interleaved)
        for shape in ([2, 2, 3, 4], [1, 1, 2]):
            tables = [real(shape[-2], shape[-1] // 2), real(shape[-2], shape[-1] // 2)]
            name = f"rotaryEmbedding {label(shape)} interleaved {interleaved}"
            case(name, "rotaryEmbedding", function, [real(*shape), *tables], interleaved=interleaved)


def rotate(x, cos, sin, interleaved):
    a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else x.chunk(2, -1)
    parts = [a * cos - b * sin, b * cos + a * sin]
    return torch.stack(parts, -1).flatten(-2) if interleaved else torch.cat(parts, -1)


# Recurrence


KINDS = {"rnn": (torch.nn.RNN, 1), "rnn-relu": (torch.nn.RNN, 1), "gru": (torch.nn.GRU, 3), "lstm": (torch.nn.LSTM, 4)}


def layer(kind, x, weights, h, c, batch_first=False, directions=1):
    """One torch.nn layer with the given weights, a list of four for each direction; y, h (and c)."""
    hidden = weights[1].shape[1]
    extra = {"nonlinearity": "relu"} if kind == "rnn-relu" else {}
    module = KINDS[kind][0](x.shape[-1], hidden, batch_first=batch_first, bidirectional=directions == 2, **extra).double()
    names = [n + s for s in ["", "_reverse"][:directions] for n in ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]]
    for name, weight in zip(names, weights):
        delattr(module, name)
        setattr(module, name, weight)
    module._flat_weights = list(weights)
    y, state = module(x, (h, c) if kind == "lstm" else h)
    return (y, *state) if kind == "lstm" else (y, state)


def unroll(kind, reverse=False, batch_first=False):
    def function(x, w, r, bw, br, h=None, c=None):
        batch, axis = x.shape[0 if batch_first else 1], 1 if batch_first else 0
        zeros = torch.zeros(batch, r.shape[1], dtype=torch.float64)
        h, c = (zeros if s is None else s for s in (h, c))
        y, *state = layer(kind, x.flip(axis) if reverse else x, [w, r, bw, br], h[None], c[None], batch_first)
        return [y.flip(axis) if reverse else y, *[s[0] for s in state]]

    return function


def weights_of(kind, features, hidden):
    rows = KINDS[kind][1] * hidden
    return [real(rows, features), real(rows, hidden), real(rows), real(rows)]


def make_unrolled():
    for kind in KINDS:
        low = {"low": 0.5, "high": 1.0} if kind == "rnn-relu" else {}
        state = [real(2, 3, **low)] * (2 if kind == "lstm" else 1)
        w = [real(3, n, low=0.2, high=1.0) for n in (2, 3)] + [real(3, low=0.5, high=1.0)] * 2 if low else weights_of(kind, 2, 3)
        x = real(4, 2, 2, **low)
        case(f"unrolled {kind} 4x2x2", "unrolled", unroll(kind), [x, *w, *state], kind=kind)
        case(f"unrolled {kind} reverse", "unrolled", unroll(kind, True), [x, *w], kind=kind, reverse=1)
        turned = unroll(kind, True, True)
        one = real(1, 3, 2, **low)
        case(f"unrolled {kind} batch first", "unrolled", turned, [one, *w], kind=kind, reverse=1, batchFirst=1)
    cell = lambda x, h, *w: unroll("gru")(x[None], *w, h)[1]
    case("gruCell", "gruCell", cell, [real(2, 2), real(2, 3), *weights_of("gru", 2, 3)])
    cell2 = lambda x, h, c, *w: unroll("lstm")(x[None], *w, h, c)[1:]
    case("lstmCell", "lstmCell", cell2, [real(2, 2), real(2, 3), real(2, 3), *weights_of("lstm", 2, 3)])


ORDERS = {"rnn": [0], "gru": [1, 0, 2], "lstm": [0, 3, 1, 2]}  # ONNX's gates by their places in PyTorch


def make_recurrent():
    for kind, order in ORDERS.items():
        for direction, directions in [("forward", 1), ("reverse", 1), ("bidirectional", 2)]:
            for batch in (1, 2):
                add_recurrent(kind, order, direction, directions, batch)


def add_recurrent(kind, order, direction, directions, batch):
    time, features, hidden = 3, 2, 3
    generator = torch.Generator().manual_seed(zlib.crc32(f"{kind} {direction} {batch}".encode()))
    draw = lambda *shape: uniform(generator, shape, -1.0, 1.0)
    rows = len(order) * hidden
    x, state = draw(time, batch, features), [draw(directions, batch, hidden) for _ in range(2)]
    weights = [[draw(rows, features), draw(rows, hidden), draw(rows), draw(rows)] for _ in range(directions)]
    reverse = direction == "reverse"
    flat = [w for group in weights for w in group]
    y, *last = layer(kind, x.flip(0) if reverse else x, flat, *state, directions=directions)
    y = (y.flip(0) if reverse else y).reshape(time, batch, directions, hidden).transpose(1, 2)
    gates = lambda w: torch.cat([w.reshape([len(order), hidden] + list(w.shape[1:]))[g] for g in order])
    stacked = [torch.stack([gates(group[i]) for group in weights]) for i in range(4)]
    biases = torch.cat(stacked[2:], 1)
    given = [x, stacked[0], stacked[1], biases, None, *state[: 2 if kind == "lstm" else 1]]
    inputs = [None if t is None else plain(t.tolist()) for t in given]
    attributes = {"direction": direction, "hidden_size": hidden, **({"linear_before_reset": 1} if kind == "gru" else {})}
    name = f"{kind.upper()} {direction} batch {batch}"
    case(name, kind.upper(), lambda *_: [y.contiguous(), *last], inputs, **attributes)


# Audio


def make_audio():
    for name, function in [("Hann", torch.hann_window), ("Hamming", torch.hamming_window), ("Blackman", torch.blackman_window)]:
        if name == "Hamming":  # ONNX has 25/46, PyTorch rounds it to 0.54
            function = lambda n, **o: torch.hamming_window(n, alpha=25 / 46, beta=21 / 46, **o)
        for size in (8, 5):
            made = lambda n: function(int(n), periodic=True, dtype=torch.float64)
            case(f"{name}Window {size}", f"{name}Window", made, [ints(size)])
    wave = lambda *shape: lambda g: (uniform(g, shape, -1.0, 1.0), False, False)
    for batch in (1, 2):
        frames = lambda x, s, w, n: torch.view_as_real(
            torch.stft(x[..., 0], int(n), int(s), window=w, center=False, return_complex=True)
        ).transpose(1, 2)
        window = fixed([0.25, 0.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.25])
        case(f"STFT batch {batch}", "STFT", frames, [wave(batch, 20, 1), ints(4), window, ints(8)])
    spectrum = lambda x, _: torch.view_as_real(torch.fft.fft(x[..., 0], dim=1))
    case("DFT", "DFT", spectrum, [wave(2, 8, 1), None], axis=1)
    half = lambda x, _: torch.view_as_real(torch.fft.rfft(x[..., 0], dim=1))
    case("DFT onesided", "DFT", half, [wave(1, 8, 1), None], axis=1, onesided=1)
    mel = lambda *numbers: mel_weights(*[float(n) for n in numbers])
    case("MelWeightMatrix", "MelWeightMatrix", mel, [ints(6), ints(64), ints(8000), fixed(0.0), fixed(4000.0)])


def mel_weights(bins, length, rate, low, high):
    """The definition in ONNX's specification."""
    to_mel = lambda hz: 2595 * math.log10(1 + hz / 700)
    step = (to_mel(high) - to_mel(low)) / (bins + 2)
    hertz = [700 * (10 ** ((to_mel(low) + i * step) / 2595) - 1) for i in range(int(bins) + 2)]
    places = [int((length + 1) * hz // rate) for hz in hertz]
    result = torch.zeros(int(length) // 2 + 1, int(bins), dtype=torch.float64)
    for i, (start, center, end) in enumerate(zip(places, places[1:], places[2:])):
        for k in range(start, center + 1):
            result[k, i] = 1.0 if start == center else (k - start) / (center - start)
        for k in range(center, end):
            if end != center:
                result[k, i] = (end - k) / (end - center)
    return result


# Quantized


def make_quantized():
    byte = lambda data: plain(data, torch.uint8)
    scale, zero = fixed(0.5), fixed(10, torch.uint8)
    case("QuantizeLinear", "QuantizeLinear", lambda x, s, z: (x / s + z).round().clamp(0, 255).to(torch.uint8), [plain([[-9.0, 0.0, 3.0, 200.0]]), scale, zero])
    case("DequantizeLinear", "DequantizeLinear", lambda x, s, z: (x.double() - z) * s, [byte([[0, 10, 255]]), scale, zero])
    whole = lambda x: [(x + 55).round().to(torch.uint8), torch.tensor(1.0).double(), torch.tensor(55, dtype=torch.uint8)]
    case("DynamicQuantizeLinear", "DynamicQuantizeLinear", whole, [plain([[-55.0, 0.25, 3.0, 200.0]])])
    a, b = [[1, 2, 3], [4, 5, 6]], [[1, 0], [2, 1], [0, 3]]
    integer = lambda a, b, za, zb: ((a.int() - int(za)) @ (b.int() - int(zb))).int()
    case("MatMulInteger", "MatMulInteger", integer, [byte(a), byte(b), fixed(1, torch.uint8), fixed(0, torch.uint8)])
    product = lambda *t: ((t[0].int() - 10).double() @ (t[3].int() - 10).double() * 0.5 + 10).round().clamp(0, 255).to(torch.uint8)
    case("QLinearMatMul", "QLinearMatMul", product, [byte(a), scale, zero, fixed(b, torch.uint8), scale, zero, scale, zero])
    x, w = [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]], [[[[1, 2], [3, 4]]]]
    conv = lambda x, w: torch.nn.functional.conv2d(x.double(), w.double())
    case("ConvInteger", "ConvInteger", lambda x, w, *_: conv(x, w).int(), [byte(x), fixed(w, torch.uint8)])
    scaled = lambda x, xs, xz, w, *_: (conv(x.int() - 10, w.int() - 10) * 0.5 + 10).round().clamp(0, 255).to(torch.uint8)
    case("QLinearConv", "QLinearConv", scaled, [byte(x), scale, zero, fixed(w, torch.uint8), scale, zero, scale, zero])


def main():
    torch.set_num_threads(1)
    make_structure()
    make_gathering()
    make_ranking()
    make_generated()
    make_einsum()
    make_attention()
    make_unrolled()
    make_recurrent()
    make_audio()
    make_quantized()
    path = Path(__file__).resolve().with_name("indexing.json")
    write(path, CASES)
    print(f"{path.name}: {len(CASES)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
