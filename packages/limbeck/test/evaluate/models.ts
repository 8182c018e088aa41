import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, ops, randomStream, type Tensor, toOnnx } from "@limbeck/graph";
import { temporaryFolder } from "../runs/harness.js";

const SIDE = 6;
const AREA = SIDE * SIDE;
const CLASSES = 4;

const random = randomStream(11);
const patterns = Array.from({ length: CLASSES }, () => Array.from({ length: AREA }, () => random.below(200)));

/** Noisy patterns, one for each of four classes: what linear models tell apart, most of the time. */
export function patternSamples(size = 80) {
  return {
    name: "patterns",
    size,
    channels: 1,
    height: SIDE,
    width: SIDE,
    classes: ["a", "b", "c", "d"],
    pixels: Uint8Array.from({ length: size * AREA }, (_, i) => {
      const noisy = patterns[Math.floor(i / AREA) % CLASSES]![i % AREA]! + random.below(240) - 120;
      return Math.min(255, Math.max(0, noisy));
    }),
    labels: Uint8Array.from({ length: size }, (_, i) => i % CLASSES),
  };
}

export interface PatternModel {
  readonly input?: "nchw" | "nhwc" | "rows" | "color" | "large";
  readonly dtype?: "float32" | "uint8";
  /** Samples at once; default: any number. */
  readonly batch?: number;
  readonly answers?: "logits" | "probabilities";
  /** Of the noise in the weights: 0 is the best model. */
  readonly blunt?: number;
  /** What stands before the first class: answers to something else. */
  readonly before?: number;
  readonly scale?: number;
}

const folder = temporaryFolder();
let files = 0;

/** Writes a linear classifier of the patterns, in many forms; all have the same weights. @returns its path */
export function patternModel(options: PatternModel = {}): string {
  const {
    input = "nchw",
    dtype = "float32",
    batch = 1,
    answers = "logits",
    blunt = 0,
    before = 0,
    scale = 4,
  } = options;
  const noise = randomStream(12);
  const weights = Float32Array.from({ length: (before + CLASSES) * AREA }, (_, i) => {
    const pattern = patterns[Math.floor(i / AREA) - before];
    if (!pattern) return 0;
    const mean = pattern.reduce((a, b) => a + b, 0) / AREA;
    return (scale * (pattern[i % AREA]! - mean + blunt * (noise.below(201) - 100))) / 100;
  });
  const graph = createGraph();
  const shapes = {
    nchw: [batch, 1, SIDE, SIDE],
    nhwc: [batch, SIDE, SIDE, 1],
    rows: [batch, AREA],
    color: [batch, 3, SIDE, SIDE],
    large: [batch, 1, 2 * SIDE, 2 * SIDE],
  };
  const x = graph.input("x", dtype, shapes[input]);
  const real = dtype === "uint8" ? ops.mul(ops.cast(x, "float32"), 1 / 255) : x;
  const matrix = graph.constant("float32", [AREA, before + CLASSES], transposed(weights, before + CLASSES));
  const logits = ops.matmul(asRows(real, input), matrix);
  graph.output("y", answers === "probabilities" ? ops.softmax(logits, -1) : logits);
  const symbols = options.batch === undefined ? { x: { 0: "batch" }, y: { 0: "batch" } } : {};
  return writeModel(toOnnx(graph, { symbols }));
}

export function writeModel(bytes: Uint8Array): string {
  const path = join(folder, `model-${files++}.onnx`);
  writeFileSync(path, bytes);
  return path;
}

function asRows(x: Tensor, input: NonNullable<PatternModel["input"]>): Tensor {
  if (input === "rows") return x;
  if (input === "color") return ops.flatten(ops.reduceMean(x, { axes: [1], keepdims: true }));
  if (input === "large") return ops.flatten(ops.avgPool2d(x, 2));
  return input === "nhwc" ? ops.reshape(x, [-1, AREA]) : ops.flatten(x);
}

function transposed(rows: Float32Array, count: number): Float32Array {
  return Float32Array.from({ length: rows.length }, (_, i) => rows[(i % count) * AREA + Math.floor(i / count)]!);
}
