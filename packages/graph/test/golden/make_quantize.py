"""Writes quantize.json: weights, biases, ranges and 4-bit blocks as whole numbers, worked out with whole arrays of numpy.

    /usr/bin/python3 make_quantize.py
"""

import json
from pathlib import Path

import numpy as np

random = np.random.default_rng(7)


def floats(array):
    return [float(np.float32(v)) for v in np.asarray(array).flatten()]


def weight_case(shape, axis, largest):
    weight = random.normal(size=shape).astype(np.float32)
    if axis is not None:
        weight = weight * np.exp(random.normal(size=[n if a == axis else 1 for a, n in enumerate(shape)])).astype(np.float32)
        np.moveaxis(weight, axis, 0)[0] = 0
    over = None if axis is None else tuple(a for a in range(len(shape)) if a != axis)
    scale = (np.abs(weight).max(axis=over, keepdims=True) / np.float32(largest)).astype(np.float32)
    scale = np.where(scale == 0, np.float32(1), scale)
    whole = np.clip(np.rint(weight.astype(np.float64) / scale.astype(np.float64)), -largest, largest)
    return {"shape": shape, "axis": axis, "largest": largest, "weight": floats(weight), "scales": floats(scale), "whole": whole.astype(int).flatten().tolist()}


def range_case(low, high):
    low, high = min(low, 0), max(high, 0)
    scale = np.float32((high - low) / 255)
    return {"min": low, "max": high, "scale": float(scale), "zeroPoint": int(np.clip(np.rint(-low / np.float64(scale)), 0, 255))}


def block_case(columns, depth, block, asymmetric):
    weight = random.normal(size=(columns, depth)).astype(np.float32)
    weight[0, :block] = 0
    blocks = -(-depth // block)
    padded = np.zeros((columns, blocks * block), np.float32)
    padded[:, :depth] = weight
    parts = padded.reshape(columns, blocks, block).astype(np.float64)
    if asymmetric:
        low, high = np.minimum(parts.min(2), 0), np.maximum(parts.max(2), 0)
        scale = ((high - low) / 15).astype(np.float32)
        scale = np.where(scale == 0, np.float32(1), scale).astype(np.float64)
        zero = np.clip(np.rint(-low / scale), 0, 15)
    else:
        at = np.abs(parts).argmax(2)
        extreme = np.take_along_axis(parts, at[:, :, None], 2)[:, :, 0]
        scale = (extreme / -8).astype(np.float32)
        scale = np.where(scale == 0, np.float32(1), scale).astype(np.float64)
        zero = np.full(scale.shape, 8.0)
    whole = np.clip(np.rint(parts / scale[:, :, None]) + zero[:, :, None], 0, 15)
    restored = ((whole - zero[:, :, None]) * scale[:, :, None]).reshape(columns, -1)[:, :depth]
    return {"columns": columns, "depth": depth, "block": block, "asymmetric": asymmetric, "weight": floats(weight), "scales": floats(scale), "restored": floats(restored)}


def cases(kind, make, all_arguments):
    return [{"kind": kind, **make(*arguments)} for arguments in all_arguments]


golden = {
    "cases": cases("weight", weight_case, [((4, 3, 3, 3), 0, 127), ((5, 6), 1, 127), ((5, 6), None, 127), ((3, 2), 0, 63)])
    + cases("range", range_case, [(-1, 3), (0.5, 3), (-4, -1), (0, 6), (-0.001, 2)])
    + cases("blocks", block_case, [(3, 64, 32, False), (3, 40, 16, False), (2, 64, 32, True), (3, 40, 16, True)]),
}
Path(__file__).with_name("quantize.json").write_text(json.dumps(golden) + "\n")
