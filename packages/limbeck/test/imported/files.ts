import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, ops, type Tensor, toOnnx } from "@limbeck/graph";

/** Numbers without an order. */
export const numbers = (count: number, offset = 0) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(3 * i + offset) / 2);

interface Written {
  readonly classes?: number;
  /** Whether there is batch normalization between the convolutions. */
  readonly normalized?: boolean;
  readonly softmax?: boolean;
  /** Numbers of the last layer begin here. */
  readonly seed?: number;
}

/** Writes conv1, bn1, conv2 and fc as a file that takes gray images of 6 × 6. @returns its path */
export function writeNetwork(
  folder: string,
  { classes = 5, normalized = true, softmax = false, seed = 1 }: Written = {},
): string {
  const graph = createGraph();
  const weight = (name: string, shape: number[], values?: Float32Array) =>
    graph.constant(
      "float32",
      shape,
      values ??
        numbers(
          shape.reduce((a, b) => a * b),
          shape.length,
        ),
      name,
    );
  const x = graph.input("pixels", "float32", [1, 1, 6, 6]);
  const first = ops.conv(x, weight("conv1.weight", [3, 1, 3, 3]), weight("conv1.bias", [3]), { padding: 1 });
  const second = normalized ? normalize(first, weight) : first;
  const maps = ops.relu(ops.conv(ops.relu(second), weight("conv2.weight", [4, 3, 3, 3]), undefined, { padding: 1 }));
  graph.rename(maps, "maps");
  const pooled = ops.flatten(ops.globalAveragePool(maps));
  graph.rename(pooled, "pooled");
  const fc = weight("fc.weight", [classes, 4], numbers(classes * 4, seed));
  const logits = ops.linear(pooled, fc, weight("fc.bias", [classes]));
  graph.output("answers", softmax ? ops.softmax(logits) : logits);
  const path = join(folder, `network-${classes}-${normalized}-${softmax}.onnx`);
  writeFileSync(path, toOnnx(graph, { symbols: { pixels: { 0: "n" }, answers: { 0: "n" } } }));
  return path;
}

function normalize(x: Tensor, weight: (name: string, shape: number[], values: Float32Array) => Tensor): Tensor {
  const parts = [
    ["weight", [1.5, 0.5, 1]],
    ["bias", [0.1, 0, -0.1]],
    ["running_mean", [0.2, -0.1, 0]],
    ["running_var", [0.5, 1, 2]],
  ] as const;
  const inputs = parts.map(([name, values]) => weight(`bn1.${name}`, [3], Float32Array.from(values)));
  return x.graph.emit("BatchNormalization", [x, ...inputs])[0]!;
}
