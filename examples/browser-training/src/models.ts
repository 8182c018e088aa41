import {
  adam,
  compileTraining,
  createGraph,
  type Graph,
  ops,
  randomStream,
  sizeOf,
  type Tensor,
  type TrainingProgram,
  type TrainingState,
  toOnnx,
} from "@limbeck/graph";
import { PIXELS } from "./data.js";

/** A perceptron with ReLU. */
export interface Architecture {
  readonly hidden: readonly number[];
  /** Shares of pixels and of hidden units that training drops. */
  readonly dropout?: { readonly input: number; readonly hidden: number };
}

export const TEACHER: Architecture = { hidden: [400, 400], dropout: { input: 0.2, hidden: 0.5 } };
export const STUDENT: Architecture = { hidden: [32] };
export const CLASSES = 10;

interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly bound: number;
}

function parametersOf({ hidden }: Architecture): Parameter[] {
  const sizes = [PIXELS, ...hidden, CLASSES];
  return sizes.slice(1).flatMap((outputs, i) => {
    const bound = 1 / Math.sqrt(sizes[i]!);
    return [
      { name: `fc${i + 1}.weight`, shape: [outputs, sizes[i]!], bound },
      { name: `fc${i + 1}.bias`, shape: [outputs], bound },
    ];
  });
}

export function countParameters(architecture: Architecture): number {
  return parametersOf(architecture).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** PyTorch's default of linear layers: uniform in ± 1 / sqrt(inputs). */
export function initialState(architecture: Architecture, seed: number): TrainingState {
  return Object.fromEntries(
    parametersOf(architecture).map(({ name, shape, bound }) => {
      const stream = randomStream(seed, name);
      return [name, Float32Array.from({ length: sizeOf(shape) }, () => (2 * stream.uniform() - 1) * bound)];
    }),
  );
}

function forward(graph: Graph, images: Tensor, { hidden, dropout }: Architecture, training: boolean): Tensor {
  const drop = (x: Tensor, share = 0) => (training ? ops.dropout(x, share) : x);
  const parameter = (name: string, shape: readonly number[]) => graph.parameter(name, "float32", shape);
  let x = drop(images, dropout?.input);
  const sizes = [PIXELS, ...hidden, CLASSES];
  for (let layer = 1; layer < sizes.length; layer++) {
    const weight = parameter(`fc${layer}.weight`, [sizes[layer]!, sizes[layer - 1]!]);
    x = ops.linear(x, weight, parameter(`fc${layer}.bias`, [sizes[layer]!]));
    if (layer <= hidden.length) x = drop(ops.relu(x), dropout?.hidden);
  }
  return x;
}

/** Learns from labels alone. Feeds: `images` [batch, 784], `labels` [batch]. */
export function labelProgram(architecture: Architecture, batch: number): TrainingProgram {
  const graph = createGraph();
  const images = graph.input("images", "float32", [batch, PIXELS]);
  const labels = graph.input("labels", "int64", [batch]);
  const loss = ops.crossEntropy(forward(graph, images, architecture, true), labels);
  return compileTraining({ loss, optimizer: adam() });
}

/**
 * Learns from a teacher: T² · KL(teacher ‖ student), both softened by T = 4, and a little from labels (Hinton, Vinyals
 * & Dean 2015). Feeds: `images`, `labels`, and `teacher`, its logits [batch, 10].
 */
export function distillationProgram(architecture: Architecture, batch: number): TrainingProgram {
  const temperature = 4;
  const graph = createGraph();
  const images = graph.input("images", "float32", [batch, PIXELS]);
  const logits = forward(graph, images, architecture, true);
  const softened = (x: Tensor) => ops.logSoftmax(ops.div(x, temperature));
  const [student, teacher] = [softened(logits), softened(graph.input("teacher", "float32", [batch, CLASSES]))];
  const divergence = ops.reduceSum(ops.mul(ops.exp(teacher), ops.sub(teacher, student)));
  const kd = ops.mul(ops.div(divergence, batch), temperature ** 2);
  const labels = graph.input("labels", "int64", [batch]);
  return compileTraining({ loss: ops.add(kd, ops.mul(ops.crossEntropy(logits, labels), 0.1)), optimizer: adam() });
}

/** A classifier of any number of images as an ONNX file; without values, its parameters are inputs. */
export function classifier(architecture: Architecture, parameters?: TrainingState): Uint8Array {
  const graph = createGraph();
  const images = graph.input("images", "float32", [1, PIXELS]);
  graph.output("logits", forward(graph, images, architecture, false));
  const symbols = { images: { 0: "batch" }, logits: { 0: "batch" } };
  return toOnnx(graph, { symbols, ...(parameters ? { parameters } : {}) });
}

/** Names and shapes of what {@link classifier} without values wants beside images. */
export function parameterShapes(architecture: Architecture): Readonly<Record<string, readonly number[]>> {
  return Object.fromEntries(parametersOf(architecture).map(({ name, shape }) => [name, shape]));
}
