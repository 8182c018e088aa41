import { compileTraining, createGraph, ops, sgd, type TrainingProgram, toOnnx } from "../src/index.js";

const BATCH = 4;
export const INITIAL = {
  "fc.weight": Float32Array.of(0.1, -0.2, 0.3, 0.4, -0.5, 0.6),
  "fc.bias": Float32Array.of(0, 0.1),
};
export const FEEDS = {
  x: Float32Array.from({ length: BATCH * 3 }, (_, i) => Math.sin(i)),
  y: Float32Array.from({ length: BATCH * 2 }, (_, i) => Math.cos(i)),
};

/** A regression with dropout. */
export function regression(dropout = 0.5): TrainingProgram {
  const graph = createGraph();
  const x = graph.input("x", "float32", [BATCH, 3]);
  const y = graph.input("y", "float32", [BATCH, 2]);
  const weight = graph.parameter("fc.weight", "float32", [2, 3]);
  const bias = graph.parameter("fc.bias", "float32", [2]);
  const error = ops.sub(ops.linear(ops.dropout(x, dropout), weight, bias), y);
  const loss = ops.reduceMean(ops.mul(error, error));
  return compileTraining({ loss, terms: { mse: ops.identity(loss) }, optimizer: sgd({ momentum: 0.9 }) });
}

/** A linear classifier for any batch, as a file; it also holds what no output needs. */
export function exportedLinear(): Uint8Array {
  const graph = createGraph();
  const x = graph.input("x", "float32", [1, 3]);
  const logits = ops.linear(
    x,
    graph.parameter("fc.weight", "float32", [2, 3]),
    graph.parameter("fc.bias", "float32", [2]),
  );
  ops.exp(logits);
  graph.output("logits", logits);
  graph.output("same", logits);
  graph.output("echo", x);
  const symbols = Object.fromEntries(["x", "logits", "same", "echo"].map((name) => [name, { 0: "batch" }]));
  return toOnnx(graph, { parameters: INITIAL, symbols, metadata: { made: "here" } });
}
