#!/usr/bin/python3
"""Make convolution.json: golden outputs and gradients of Conv and ConvTranspose (opset 17).

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_convolution.py

The format is that of ops.json, see make_ops.py. ONNX's paddings are applied
by torch's pad (negative ones crop), so that PyTorch's convolutions run without.
Where the specification and ONNX Runtime agree, so does this file; SAME padding
with dilations and outputs that SAME would have to enlarge are left out.
"""
import sys

sys.dont_write_bytecode = True

import torch
from torch.nn import functional as F

from make_ops import case, finish, label, real

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
CONV_TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def pad_spatial(x, pads):
    """Pad by ONNX's list: begins, then ends; negative numbers crop."""
    rank = x.ndim - 2
    pairs = [pads[i + side * rank] for i in reversed(range(rank)) for side in (0, 1)]
    return F.pad(x, pairs)


def halves(total, upper):
    """A total padding as begin and end; the larger half is the end for SAME_UPPER."""
    less = total // 2
    return (less, total - less) if upper else (total - less, less)


def add_bias(y, bias):
    return y if bias is None else y + bias.reshape([-1] + [1] * (y.ndim - 2))


def conv(x, weight, bias, strides=None, dilations=None, pads=None, group=1, auto_pad="NOTSET", kernel_shape=None):
    rank = x.ndim - 2
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    pads = pads or [0] * (2 * rank)
    if auto_pad.startswith("SAME"):
        totals = [
            max(0, (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size)
            for size, kernel, stride, dilation in zip(x.shape[2:], weight.shape[2:], strides, dilations)
        ]
        both = [halves(total, auto_pad == "SAME_UPPER") for total in totals]
        pads = [b for b, _ in both] + [e for _, e in both]
    y = CONV[rank](pad_spatial(x, pads), weight, None, strides, 0, dilations, group)
    return add_bias(y, bias)


def conv_transpose(
    x,
    weight,
    bias,
    strides=None,
    dilations=None,
    pads=None,
    group=1,
    auto_pad="NOTSET",
    output_padding=None,
    output_shape=None,
    kernel_shape=None,
):
    rank = x.ndim - 2
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    pads, output_padding = pads or [0] * (2 * rank), output_padding or [0] * rank
    y = CONV_TRANSPOSE[rank](x, weight, None, strides, 0, 0, group, dilations)
    y = pad_spatial(y, [0] * rank + output_padding)
    if auto_pad.startswith("SAME") and output_shape is None:
        output_shape = [size * stride for size, stride in zip(x.shape[2:], strides)]
    if output_shape is not None:
        totals = [size - wanted for size, wanted in zip(y.shape[2:], output_shape)]
        both = [halves(t, auto_pad == "SAME_UPPER") if t >= 0 else (0, t) for t in totals]
        pads = [b for b, _ in both] + [e for _, e in both]
    return add_bias(pad_spatial(y, [-pad for pad in pads]), bias)


def adder(op, function):
    def add(x, weight, bias=None, **attributes):
        settings = " ".join(f"{k} {v}" for k, v in attributes.items())
        parts = [op, label(x), label(weight), "bias" if bias else "", settings]
        inputs = [real(*x), real(*weight, low=-1.0, high=1.0), real(bias) if bias else None]
        case(" ".join(part for part in parts if part), op, lambda *t: function(*t, **attributes), inputs, **attributes)

    return add


def make_conv():
    add = adder("Conv", conv)
    # One axis.
    add([2, 2, 7], [3, 2, 3], 3)
    add([1, 2, 6], [2, 2, 2], pads=[1, 0])
    add([2, 1, 8], [2, 1, 3], 2, strides=[3], pads=[2, 1])
    add([1, 4, 9], [4, 2, 3], 4, group=2, dilations=[2], strides=[2])
    add([1, 1, 5], [1, 1, 1], pads=[1, 2])
    add([2, 3, 1], [2, 3, 1])
    for auto_pad in ("VALID", "SAME_UPPER", "SAME_LOWER"):
        add([1, 2, 6], [2, 2, 2], 2, auto_pad=auto_pad)
        add([1, 2, 6], [2, 2, 4], auto_pad=auto_pad, strides=[2])
    # Two axes.
    add([2, 2, 5, 4], [3, 2, 3, 3], 3)
    add([2, 2, 5, 4], [3, 2, 3, 3], 3, pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    add([1, 2, 5, 6], [2, 2, 2, 3], pads=[0, 2, 1, 0])
    add([2, 2, 6, 5], [2, 2, 3, 3], 2, strides=[2, 2], pads=[1, 1, 1, 1])
    add([2, 1, 6, 7], [2, 1, 3, 2], strides=[2, 1], pads=[0, 1, 1, 0])
    add([1, 2, 7, 6], [2, 2, 2, 2], 2, strides=[3, 2], pads=[1, 0, 0, 1], dilations=[2, 1])
    add([1, 2, 6, 6], [1, 2, 3, 3], dilations=[2, 2], pads=[2, 2, 2, 2])
    add([2, 3, 3, 4], [4, 3, 1, 1], 4)
    add([2, 3, 4, 5], [2, 3, 1, 1], strides=[2, 2])
    add([1, 2, 3, 3], [2, 2, 1, 1], pads=[1, 1, 0, 1])
    add([1, 1, 3, 3], [1, 1, 3, 3], 1)
    add([2, 2, 3, 3], [2, 2, 1, 3], pads=[0, 1, 0, 1])
    # Many filters over few positions.
    add([2, 2, 2, 2], [6, 2, 2, 2], 6)
    add([3, 4, 2, 2], [12, 2, 2, 2], group=2)
    add([2, 2, 3, 3], [8, 2, 2, 2], strides=[2, 2], pads=[1, 0, 0, 1])
    add([1, 2, 4, 4], [2, 2, 3, 3], strides=[2, 2])
    add([2, 2, 4, 2], [12, 2, 2, 2], 12, dilations=[2, 1], pads=[1, 1, 0, 0])
    add([2, 3, 2, 2], [8, 3, 1, 1])
    add([1, 1, 2, 2, 2], [2, 1, 2, 2, 2])
    # Groups.
    add([2, 4, 4, 4], [6, 2, 3, 3], 6, group=2, pads=[1, 1, 1, 1])
    add([1, 6, 4, 3], [3, 2, 1, 1], group=3)
    add([1, 4, 5, 5], [2, 2, 3, 3], group=2, strides=[2, 2], pads=[1, 1, 1, 1])
    # Depthwise, also with several filters a channel.
    add([2, 3, 5, 4], [3, 1, 3, 3], 3, group=3, pads=[1, 1, 1, 1])
    add([2, 2, 6, 5], [2, 1, 3, 3], group=2, strides=[2, 2], pads=[1, 1, 1, 1])
    add([2, 2, 4, 4], [4, 1, 3, 2], 4, group=2, pads=[1, 0, 1, 1])
    add([1, 2, 7, 7], [2, 1, 2, 2], group=2, dilations=[2, 2], strides=[3, 2], pads=[0, 1, 2, 0])
    add([1, 3, 4, 4], [3, 1, 1, 1], group=3)
    add([2, 2, 6], [2, 1, 2], group=2, dilations=[2], strides=[3])
    for auto_pad in ("VALID", "SAME_UPPER", "SAME_LOWER"):
        add([1, 2, 5, 6], [2, 2, 3, 2], auto_pad=auto_pad)
        add([1, 2, 5, 6], [2, 2, 3, 3], 2, auto_pad=auto_pad, strides=[2, 3])
        add([1, 2, 5, 6], [2, 1, 2, 3], auto_pad=auto_pad, strides=[1, 2], group=2)
    # Three axes.
    add([1, 2, 3, 4, 3], [2, 2, 2, 2, 2], 2)
    add([2, 1, 3, 4, 4], [2, 1, 2, 3, 3], strides=[1, 2, 2], pads=[0, 1, 1, 1, 1, 0])
    add([1, 2, 4, 3, 4], [2, 1, 2, 2, 2], 2, group=2, dilations=[2, 1, 1], pads=[1, 1, 0, 0, 0, 1])
    add([1, 2, 2, 3, 3], [2, 2, 2, 2, 1], auto_pad="SAME_LOWER")


def make_conv_transpose():
    add = adder("ConvTranspose", conv_transpose)
    # One axis.
    add([2, 2, 4], [2, 3, 3], 3)
    add([1, 2, 4], [2, 2, 3], strides=[2], pads=[1, 0])
    add([2, 1, 3], [1, 2, 4], 2, strides=[3], pads=[1, 2], output_padding=[2])
    add([1, 4, 3], [4, 2, 2], 4, group=2, dilations=[3], strides=[2])
    add([1, 2, 3], [2, 1, 1], strides=[2])
    for auto_pad in ("VALID", "SAME_UPPER", "SAME_LOWER"):
        add([1, 2, 4], [2, 1, 3], auto_pad=auto_pad)
        add([1, 2, 3], [2, 2, 3], 2, auto_pad=auto_pad, strides=[2])
    for size in (4, 5, 6, 7, 8):
        add([1, 1, 3], [1, 1, 3], strides=[2], output_shape=[size])
    add([1, 1, 3], [1, 1, 4], strides=[2], output_shape=[5], auto_pad="SAME_UPPER")
    add([1, 1, 3], [1, 1, 4], strides=[2], output_shape=[5], auto_pad="SAME_LOWER")
    # Two axes.
    add([2, 2, 3, 3], [2, 3, 3, 3], 3)
    add([2, 2, 3, 3], [2, 2, 3, 3], 2, pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    add([2, 2, 3, 3], [2, 2, 3, 3], 2, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    add([1, 2, 3, 2], [2, 1, 2, 3], strides=[2, 3], pads=[0, 1, 1, 0], output_padding=[1, 2])
    add([1, 2, 3, 2], [2, 2, 3, 2], 2, dilations=[2, 1], pads=[1, 0, 2, 1])
    add([2, 2, 2, 3], [2, 2, 2, 2], strides=[2, 2])
    add([2, 3, 2, 3], [3, 2, 1, 1], 2)
    add([1, 1, 3, 3], [1, 2, 3, 3], 2, strides=[3, 2], output_shape=[10, 8])
    add([1, 1, 3, 3], [1, 2, 3, 3], strides=[3, 2], output_shape=[8, 5])
    add([1, 1, 1, 1], [1, 1, 2, 2], 1)
    add([2, 2, 2, 2], [2, 6, 2, 2], strides=[2, 2])
    add([2, 12, 2, 2], [12, 1, 2, 2], 1, strides=[2, 2])
    add([1, 2, 2, 2], [2, 1, 2, 2], auto_pad="SAME_UPPER", dilations=[2, 2], strides=[2, 2])
    # Groups and depthwise.
    add([2, 4, 3, 3], [4, 2, 3, 3], 4, group=2, pads=[1, 1, 1, 1])
    add([1, 4, 2, 3], [4, 1, 2, 2], 2, group=2, strides=[2, 1])
    add([2, 3, 3, 2], [3, 1, 3, 3], 3, group=3, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 0])
    add([1, 2, 3, 3], [2, 2, 2, 2], 4, group=2)
    add([2, 2, 2, 2], [2, 1, 2, 2], group=2, dilations=[2, 1], strides=[1, 2])
    # Three axes.
    add([1, 2, 2, 2, 3], [2, 2, 2, 2, 2], 2)
    add([2, 1, 2, 2, 2], [1, 2, 2, 3, 2], strides=[2, 2, 1], pads=[0, 1, 0, 1, 0, 1], output_padding=[1, 1, 0])
    add([1, 2, 2, 2, 2], [2, 1, 2, 1, 2], 2, group=2, dilations=[2, 1, 1])


def make_functions():
    """Functions of the vocabulary with PyTorch's options, against PyTorch's own functions."""

    def add(op, function, x, weight, bias, snake, **options):
        settings = " ".join(f"{k} {v}" for k, v in options.items())
        name = " ".join(part for part in (op, label(x), label(weight), settings) if part)
        inputs = [real(*x), real(*weight, low=-1.0, high=1.0), real(bias) if bias else None]
        case(name, op, lambda x, w, b: function(x, w, b, **snake), inputs, **options)

    def add_conv(x, weight, bias=None, **options):
        add("conv", CONV[len(x) - 2], x, weight, bias, options, **options)

    add_conv([2, 2, 5], [3, 2, 3], 3)
    add_conv([1, 2, 5, 5], [2, 2, 3, 3], 2, stride=2, padding=1)
    add_conv([1, 4, 5, 6], [4, 2, 3, 2], stride=[1, 2], padding=[2, 0], dilation=[2, 1], groups=2)
    add_conv([1, 2, 4, 5], [2, 2, 2, 3], padding="same")
    add_conv([1, 2, 6, 6], [2, 1, 2, 3], 2, padding="same", dilation=[3, 2], groups=2)
    add_conv([1, 1, 3, 3, 3], [1, 1, 2, 2, 2], padding="valid")

    def add_transposed(x, weight, bias=None, output_padding=0, **options):
        snake = {"output_padding": output_padding, **options}
        camel = {**options, **({"outputPadding": output_padding} if output_padding else {})}
        add("convTranspose", CONV_TRANSPOSE[len(x) - 2], x, weight, bias, snake, **camel)

    add_transposed([2, 2, 4], [2, 2, 3], 2)
    add_transposed([1, 2, 3, 3], [2, 2, 3, 3], 2, stride=2, padding=1, output_padding=1)
    add_transposed([1, 4, 2, 3], [4, 1, 2, 3], stride=[2, 3], padding=[0, 1], output_padding=[0, 2], groups=2)
    add_transposed([1, 1, 3, 3], [1, 2, 2, 2], dilation=2)


def main():
    torch.set_num_threads(1)
    make_conv()
    make_conv_transpose()
    make_functions()
    finish(__file__)


if __name__ == "__main__":
    main()
