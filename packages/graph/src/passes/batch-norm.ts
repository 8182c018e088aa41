import type { Graph } from "../graph.js";
import { floatAttribute, numberAttribute } from "../operator.js";
import { livePart } from "../prune.js";
import { sameShape } from "../shape.js";
import type { Node } from "../tensor.js";
import { constantNumbers, type Linear, linearOf } from "./linear.js";
import { type Readers, readersOf } from "./nodes.js";
import { rewrite } from "./rewrite.js";

/**
 * Folds batch normalization by running statistics into the weights of the Conv, ConvTranspose or Gemm in front of it; or
 * behind it, where that is exact: padding adds zeros that were never normalized. It is worked out in double precision.
 * Nothing is folded where others read the value between the two, or where numbers are not constant; parameters are not
 * (see `freezeParameters`), and what is not finite stays as it is. Weights keep their names.
 */
export function foldBatchNorm(graph: Graph): Graph {
  for (let current = graph; ; ) {
    const folds = findFolds(current);
    if (folds.length === 0) return current;
    current = applyFolds(current, folds);
  }
}

/** y = scale · x + shift, channel by channel. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** A weight and a bias that have taken in a normalization. */
interface Folded {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/** Two nodes that become one. */
interface Fold extends Folded {
  readonly first: Node;
  readonly second: Node;
  /** Whichever of the two is no normalization. */
  readonly linear: Node;
  readonly old: Linear;
}

/** Pairs to fold; no node is in two of them. */
function findFolds(graph: Graph): Fold[] {
  const readers = readersOf(graph);
  const taken = new Set<Node>();
  const folds: Fold[] = [];
  for (const second of livePart(graph).nodes) {
    const between = second.inputs[0];
    if (between?.source.kind !== "node" || readers(between).length !== 1) continue;
    const first = between.source.node;
    const fold = taken.has(first) ? undefined : foldOf(first, second, readers);
    if (!fold?.weight.every(Number.isFinite) || !fold.bias.every(Number.isFinite)) continue;
    taken.add(first).add(second);
    folds.push(fold);
  }
  return folds;
}

function foldOf(first: Node, second: Node, readers: Readers): Fold | undefined {
  const after = affineOf(second) ?? biasOf(second, readers);
  const before = after ? undefined : affineOf(first);
  const linear = after ? first : second;
  const old = after || before ? linearOf(linear) : undefined;
  const folded = old && ((after && scaleOutputs(old, after)) || (before && scaleInputs(old, before)));
  return folded && { first, second, linear, old, ...folded };
}

/** An addition per channel that stands between weights and a normalization, as some exporters write biases. */
function biasOf({ op, inputs, outputs }: Node, readers: Readers): Affine | undefined {
  const [x, added] = inputs;
  const [reader] = readers(outputs[0]!);
  const isNormalized = op === "Add" && reader && reader !== "output" && affineOf(reader);
  const values = isNormalized && added ? constantNumbers(added) : undefined;
  if (!values || !x || !sameShape(x.shape, outputs[0]!.shape)) return undefined;
  const skipped = x.shape.length - added!.shape.length;
  const isPerChannel = skipped >= 0 && added!.shape.every((dim, i) => dim === 1 || i + skipped === 1);
  if (!isPerChannel) return undefined;
  const scale = new Float64Array(x.shape[1]!).fill(1);
  return { scale, shift: scale.map((_, c) => values[values.length === 1 ? 0 : c]!) };
}

/** What a normalization does to each channel, if it has nothing but constants. */
function affineOf({ op, inputs, attributes }: Node): Affine | undefined {
  if (op !== "BatchNormalization" || numberAttribute(attributes, "training_mode", 0) === 1) return undefined;
  const statistics = inputs.slice(1).map((input) => input && constantNumbers(input));
  if (!statistics.every((values) => values !== undefined)) return undefined;
  const [weight, bias, mean, variance] = statistics as [Float64Array, Float64Array, Float64Array, Float64Array];
  const epsilon = floatAttribute(attributes, "epsilon", 1e-5);
  const scale = weight.map((value, c) => value / Math.sqrt(variance[c]! + epsilon));
  return { scale, shift: scale.map((value, c) => bias[c]! - value * mean[c]!) };
}

function scaleOutputs({ weight, bias, beta, outputOf }: Linear, { scale, shift }: Affine): Folded {
  return {
    weight: weight.map((value, i) => value * scale[outputOf(i)]!),
    bias: shift.map((value, c) => value + scale[c]! * beta * bias[c]!),
  };
}

/** Where some elements of the output do not see all of the input's channels, the input must not be shifted. */
function scaleInputs(
  { weight, bias, alpha, beta, outputOf, inputOf, isWhole }: Linear,
  affine: Affine,
): Folded | undefined {
  const { scale, shift } = affine;
  if (!inputOf) return undefined;
  if (!isWhole && shift.some((value) => value !== 0)) return undefined;
  const shifted = bias.map((value) => beta * value);
  weight.forEach((value, i) => {
    shifted[outputOf(i)]! += alpha * value * shift[inputOf(i)]!;
  });
  return { weight: weight.map((value, i) => value * scale[inputOf(i)]!), bias: shifted };
}

function applyFolds(graph: Graph, folds: readonly Fold[]): Graph {
  const gone = new Set(folds.map(({ first }) => first));
  const bySecond = new Map(folds.map((fold) => [fold.second, fold]));
  const names = new WeightNames(graph);
  return rewrite(graph, {
    node: (node, { target, of }) => {
      if (gone.has(node)) return [];
      const fold = bySecond.get(node);
      if (!fold) return undefined;
      const { first, linear, weight, bias } = fold;
      const { dtype, shape } = linear.inputs[1]!;
      const store = (values: Float64Array) => (dtype === "float64" ? values : Float32Array.from(values));
      const inputs = [
        of(first.inputs[0]!),
        target.constant(dtype, shape, store(weight), names.ofWeight(linear)),
        target.constant(dtype, [bias.length], store(bias), names.ofBias(linear)),
      ];
      // The bias has taken in its factor.
      const { beta, ...attributes } = linear.attributes;
      return target.emit(linear.op, inputs, attributes, { as: node });
    },
  });
}

/** Names for weights that change: their own where nobody else reads them; else the graph makes one up. */
class WeightNames {
  readonly #readers: Readers;
  readonly #taken: Set<string>;

  constructor(graph: Graph) {
    this.#readers = readersOf(graph);
    const computed = graph.nodes.flatMap((node) => node.outputs);
    this.#taken = new Set([...graph.inputs, ...graph.constants, ...computed].map(({ name }) => name));
    for (const name of graph.outputs.keys()) this.#taken.add(name);
  }

  ofWeight(node: Node): string | undefined {
    const weight = node.inputs[1]!;
    return this.#readers(weight).length === 1 ? weight.name : undefined;
  }

  /** A bias that was not there is called as PyTorch would call it. */
  ofBias(node: Node): string | undefined {
    const bias = node.inputs[2];
    if (bias) return this.#readers(bias).length === 1 ? bias.name : undefined;
    const name = node.inputs[1]!.name.replace(/(^|\.)weight$/, "$1bias");
    if (this.#taken.has(name)) return undefined;
    this.#taken.add(name);
    return name;
  }
}
