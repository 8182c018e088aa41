#!/usr/bin/python3
"""Make evaluation_models.json: small classifiers in forms that the graph package does not write, with what they answer.

Run it with a Python that has NumPy and onnx, without arguments:

    /usr/bin/python3 make_evaluation_models.py

A second run writes the same bytes. All compute x W + b of x [N, 1, 2, 2]; the answers are NumPy's, in float64,
of the weights as they are stored.
"""
import base64
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

draw = np.random.RandomState(1)
X = (draw.randint(0, 256, (5, 1, 2, 2)) / 255).astype(np.float32)
W = np.round(draw.randn(4, 3), 2).astype(np.float32)
B = np.round(draw.randn(3), 2).astype(np.float32)
FLOAT, HALF, DOUBLE = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE


def model(nodes, weights, given=FLOAT, answered=FLOAT):
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info("x", given, ["N", 1, 2, 2])],
        [helper.make_tensor_value_info("y", answered, ["N", 3])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 1)]
    whole = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="golden")
    return base64.b64encode(whole.SerializeToString()).decode()


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs, [output], **attributes)


def entry(name, file, weights, bias, tolerance):
    answers = X.reshape(5, 4).astype(np.float64) @ weights.astype(np.float64) + bias
    return {"name": name, "file": file, "answers": answers.ravel().tolist(), "tolerance": tolerance}


def quantized():
    scale = np.float32(np.abs(W).max() / 127)
    steps = np.clip(np.round(W / scale), -127, 127).astype(np.int8)
    weights = {
        "xs": np.float32(1 / 255), "xz": np.uint8(0), "w": steps, "ws": scale, "wz": np.int8(0), "b": B,
    }
    nodes = [
        node("QuantizeLinear", ["x", "xs", "xz"], "xq"),
        node("DequantizeLinear", ["xq", "xs", "xz"], "xd"),
        node("DequantizeLinear", ["w", "ws", "wz"], "wd"),
        node("Flatten", ["xd"], "f"),
        node("Gemm", ["f", "wd", "b"], "y"),
    ]
    # ONNX Runtime fuses the whole and rounds once more on processors that add up products of bytes in 16 bits.
    return entry("8-bit weights and activations (QDQ)", model(nodes, weights), steps * scale, B, 2e-2)


def half(edges):
    weights = {"w": W.astype(np.float16), "b": B.astype(np.float16)}
    inner = [node("Flatten", ["h" if edges else "x"], "f"), node("Gemm", ["f", "w", "b"], "g" if edges else "y")]
    casts = [node("Cast", ["x"], "h", to=HALF)], [node("Cast", ["g"], "y", to=FLOAT)]
    nodes = [*casts[0], *inner, *casts[1]] if edges else inner
    kind = FLOAT if edges else HALF
    name = "half precision with float32 at its edges" if edges else "half precision throughout"
    return entry(name, model(nodes, weights, kind, kind), weights["w"], weights["b"].astype(np.float64), 1e-2)


def double():
    nodes = [node("Flatten", ["x"], "f"), node("Gemm", ["f", "w", "b"], "g"), node("Cast", ["g"], "y", to=DOUBLE)]
    return entry("answers in double precision", model(nodes, {"w": W, "b": B}, FLOAT, DOUBLE), W, B, 1e-5)


def dynamic():
    """Answers depend on the largest value of the whole batch; these are those to each sample alone."""
    scale = np.float32(np.abs(W).max() / 127)
    steps = np.clip(np.round(W / scale), -127, 127).astype(np.int8)
    nodes = [
        node("Flatten", ["x"], "f"),
        helper.make_node("DynamicQuantizeLinear", ["f"], ["q", "s", "z"]),
        node("MatMulInteger", ["q", "w", "z"], "i"),
        node("Cast", ["i"], "c", to=FLOAT),
        node("Mul", ["s", "ws"], "both"),
        node("Mul", ["c", "both"], "m"),
        node("Add", ["m", "b"], "y"),
    ]
    file = model(nodes, {"w": steps, "ws": scale, "b": B})
    answers = []
    for x in X.reshape(5, 4):
        step = np.float32((max(x.max(), 0) - min(x.min(), 0)) / 255)
        answers += (np.round(x / step) * step @ (steps * scale) + B).tolist()
    return {"name": "dynamic quantization", "file": file, "answers": answers, "tolerance": 1e-4}


def classical():
    scaled = node("Scaler", ["f"], "s", domain="ai.onnx.ml", offset=[0.0], scale=[2.0])
    nodes = [node("Flatten", ["x"], "f"), scaled, node("Gemm", ["s", "w", "b"], "y")]
    return entry("an operator of classical machine learning", model(nodes, {"w": W, "b": B}), 2 * W, B, 1e-5)


whole = {"samples": X.ravel().tolist(), "models": [quantized(), half(True), half(False), double(), classical(), dynamic()]}
Path(__file__).with_name("evaluation_models.json").write_text(json.dumps(whole, separators=(",", ":")) + "\n")
