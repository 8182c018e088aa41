#!/usr/bin/python3
"""Make normalization.json: golden vectors of normalizations, in the format of make_ops.py.

Cases whose operator begins in lower case are functions of the vocabulary,
composed of operators; their attributes are the function's options.
"""
import sys

sys.dont_write_bytecode = True

import torch
from torch.nn import functional as F

from make_ops import case, finish, fixed, label, real

EPSILON = torch.tensor(1e-5, dtype=torch.float32).item()
SMALL = 2.0**-10
BATCHES = [[4, 3], [3, 2, 4], [2, 3, 2, 2], [1, 2, 3, 2], [2, 1, 2, 1, 3]]


def channel_shape(x):
    return [1, -1] + [1] * (x.ndim - 2)


def other_axes(x):
    return [i for i in range(x.ndim) if i != 1]


def positive(*shape):
    return real(*shape, low=0.3, high=2.0)


def fixed_inputs(draw):
    """The same numbers as an input that wants no gradient."""

    def redraw(generator):
        tensor, constant, _ = draw(generator)
        return tensor, constant, False

    return redraw


# Batch normalization


def batch_normalization(x, scale, bias, mean, var, epsilon=EPSILON):
    mean, var, scale, bias = (v.reshape(channel_shape(x)) for v in (mean, var, scale, bias))
    return (x - mean) / torch.sqrt(var + epsilon) * scale + bias


def batch_normalization_training(x, scale, bias, mean, var, epsilon=EPSILON, momentum=0.9):
    axes = other_axes(x)
    batch_mean, batch_var = x.mean(axes), x.var(axes, unbiased=False)
    y = batch_normalization(x, scale, bias, batch_mean, batch_var, epsilon)
    blend = lambda old, new: (old * momentum + new * (1 - momentum)).detach()
    return y, blend(mean, batch_mean), blend(var, batch_var)


def batch_norm(x, weight, bias, mean, var, **options):
    mean, var = mean.clone(), var.clone()
    y = F.batch_norm(x, mean, var, weight, bias, **options)
    return y, mean, var


NINE_TENTHS = torch.tensor(0.9, dtype=torch.float32).item()


def make_batch_normalization():
    op = "BatchNormalization"
    for shape in BATCHES:
        c = [shape[1]]
        given = [real(*shape), real(*c), real(*c), real(*c), positive(*c)]
        case(f"{op} {label(shape)}", op, batch_normalization, given)
        shifted = lambda *t: batch_normalization(*t, epsilon=SMALL)
        case(f"{op} {label(shape)} epsilon", op, shifted, given, epsilon=SMALL)
        given = given[:3] + [fixed_inputs(draw) for draw in given[3:]]
        usual = lambda *t: batch_normalization_training(*t, momentum=NINE_TENTHS)
        case(f"{op} {label(shape)} training", op, usual, given, training_mode=1)
        for momentum in [0.0, 0.25]:
            run = lambda *t: batch_normalization_training(*t, epsilon=SMALL, momentum=momentum)
            name = f"{op} {label(shape)} training momentum {momentum}"
            case(name, op, run, given, training_mode=1, epsilon=SMALL, momentum=momentum)
        for training in [True, False]:
            run = lambda *t: batch_norm(*t, training=training, momentum=0.25, eps=SMALL)
            name = f"batchNorm {label(shape)} training {training}"
            case(name, "batchNorm", run, given, training=int(training), momentum=0.25, eps=SMALL)
    frozen = [fixed(data) for data in ([0.5, -1.5], [0.25, 1.0], [0.1, -0.2], [0.5, 2.0])]
    case(f"{op} frozen", op, batch_normalization, [real(3, 2, 2), *frozen])
    far = real(4, 2, 3, low=9.0, high=11.0)
    given = [far, real(2), real(2), *[fixed_inputs(draw) for draw in (real(2), positive(2))]]
    zero = lambda *t: batch_normalization_training(*t, momentum=0.0)
    case(f"{op} far from zero", op, zero, given, training_mode=1, momentum=0.0)


# Layer, instance, group and root-mean-square normalization


def layer_normalization(x, scale, bias=None, axis=-1, epsilon=EPSILON):
    axes = list(range(axis % x.ndim, x.ndim))
    mean = x.mean(axes, keepdim=True)
    inverse = 1 / torch.sqrt(x.var(axes, unbiased=False, keepdim=True) + epsilon)
    y = (x - mean) * inverse * scale
    return y if bias is None else y + bias


def make_layer_normalization():
    op = "LayerNormalization"
    for shape, axis in [([2, 4], -1), ([2, 3, 4], 2), ([2, 3, 4], 1), ([3, 4], 0), ([1, 2, 3, 2], -2), ([5], 0)]:
        inner = shape[axis:] if axis >= 0 else shape[len(shape) + axis :]
        given = [real(*shape), real(*inner), real(*inner)]
        run = lambda *t: layer_normalization(*t, axis=axis)
        case(f"{op} {label(shape)} axis {axis}", op, run, given, axis=axis)
        run = lambda *t: F.layer_norm(t[0], inner, t[1], t[2], eps=SMALL)
        case(f"layerNorm {label(shape)} {label(inner)}", "layerNorm", run, given, eps=SMALL)
    case(f"{op} default axis", op, layer_normalization, [real(3, 4), real(4), real(4)])
    case(f"{op} no bias", op, layer_normalization, [real(3, 4), real(4), None])
    run = lambda *t: layer_normalization(*t, epsilon=SMALL)
    case(f"{op} epsilon", op, run, [real(3, 4), real(4), real(4)], epsilon=SMALL)
    case(f"{op} scale only", op, layer_normalization, [fixed_inputs(real(3, 4)), real(4), None])
    frozen = [fixed([0.5, -1.5, 1.0]), fixed([0.25, 1.0, 0.0])]
    case(f"{op} frozen", op, layer_normalization, [real(2, 3), *frozen])


def instance_normalization(x, scale, bias, epsilon=EPSILON):
    return F.instance_norm(x, weight=scale, bias=bias, eps=epsilon)


def make_instance_normalization():
    op = "InstanceNormalization"
    for shape in [[2, 3, 4], [1, 2, 3, 2], [3, 1, 2, 2], [2, 2, 2, 1, 3]]:
        c = [shape[1]]
        case(f"{op} {label(shape)}", op, instance_normalization, [real(*shape), real(*c), real(*c)])
        run = lambda *t: instance_normalization(*t, epsilon=SMALL)
        case(f"{op} {label(shape)} epsilon", op, run, [real(*shape), real(*c), real(*c)], epsilon=SMALL)
        plain = lambda x: F.instance_norm(x, eps=SMALL)
        case(f"instanceNorm {label(shape)}", "instanceNorm", plain, [real(*shape)], eps=SMALL)


def make_group_norm():
    for shape, groups in [([2, 4, 3], 2), ([1, 6, 2, 2], 3), ([3, 4, 2], 1), ([2, 4, 2, 1], 4), ([3, 6], 2)]:
        c = [shape[1]]
        run = lambda x, weight, bias: F.group_norm(x, groups, weight, bias, eps=SMALL)
        name = f"groupNorm {label(shape)} groups {groups}"
        case(name, "groupNorm", run, [real(*shape), real(*c), real(*c)], groups=groups, eps=SMALL)
        bare = lambda x: F.group_norm(x, groups, eps=SMALL)
        case(f"{name} bare", "groupNorm", bare, [real(*shape)], groups=groups, eps=SMALL)


def make_rms_norm():
    for shape, inner in [([2, 4], [4]), ([2, 3, 4], [4]), ([2, 3, 4], [3, 4]), ([1, 5], [5])]:
        axes = list(range(len(shape) - len(inner), len(shape)))
        run = lambda x, weight: x / torch.sqrt((x * x).mean(axes, keepdim=True) + SMALL) * weight
        case(f"rmsNorm {label(shape)} {label(inner)}", "rmsNorm", run, [real(*shape), real(*inner)], eps=SMALL)


# Without weights


def make_lp_normalization():
    op = "LpNormalization"
    for p in [1, 2]:
        for shape, axis in [([2, 4], -1), ([3, 4], 0), ([2, 3, 4], 1), ([1, 5], 1)]:
            run = lambda x: F.normalize(x, p=p, dim=axis)
            case(f"{op} p {p} {label(shape)} axis {axis}", op, run, [real(*shape, kinks=[0.0])], p=p, axis=axis)
    case(f"{op} defaults", op, lambda x: F.normalize(x, dim=-1), [real(2, 3)])


def make_mean_variance_normalization():
    op = "MeanVarianceNormalization"

    def run(axes):
        return lambda x: (x - x.mean(axes, keepdim=True)) / x.var(axes, unbiased=False, keepdim=True).sqrt()

    for shape in [[2, 3, 2, 2], [1, 2, 3, 2]]:
        case(f"{op} {label(shape)}", op, run([0, 2, 3]), [real(*shape)])
        for axes in [[0, 1, 2, 3], [1], [2, 3]]:
            case(f"{op} {label(shape)} axes {axes}", op, run(axes), [real(*shape)], axes=axes)


def main():
    torch.set_num_threads(1)
    make_batch_normalization()
    make_layer_normalization()
    make_instance_normalization()
    make_group_norm()
    make_rms_norm()
    make_lp_normalization()
    make_mean_variance_normalization()
    finish(__file__)


if __name__ == "__main__":
    main()
