import { type Node, ops, type Tensor } from "@limbeck/graph";
import type { DataFreeOptions } from "../../recipe/schemes/data-free.js";
import { LimbeckError } from "../../support/errors.js";
import { lengthOf } from "./priors.js";

/** What a batch normalization reads, [N, C, …], and what it has seen of that in training, [C] each. */
export interface Normalized {
  readonly input: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * The batch normalizations of a teacher, in the order of its nodes: their inputs by place, whatever these are called.
 * @param images what it reads
 * @param which whether all have to be there
 * @throws LimbeckError TEACHER_MISMATCH where there are none, or some look as if they were folded into convolutions
 */
export function normalizedValues(
  images: Tensor,
  logits: Tensor,
  which: DataFreeOptions["normalization"] = "all",
): Normalized[] {
  const nodes = nodesBetween(images, logits);
  const found = nodes.filter(({ op }) => op === "BatchNormalization");
  if (found.length === 0) throw gone();
  const folded = which === "all" ? foldedIn(nodes) : [];
  if (folded.length > 0) throw partlyGone(folded, found.length);
  return found.map(({ inputs }) => ({ input: inputs[0]!, mean: inputs[3]!, variance: inputs[4]! }));
}

/**
 * How far a batch's statistics are from those of training: the distances of means and of variances (biased, over samples and
 * places), added up over layers.
 */
export function statisticsLoss(values: readonly Normalized[]): Tensor {
  return values.map(distance).reduce((a, b) => ops.add(a, b));
}

function distance(normalized: Normalized): Tensor {
  const [input, mean, variance] = [normalized.input, normalized.mean, normalized.variance].map(asFloat32);
  const axes = input!.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const batchMean = ops.reduceMean(input!, { axes, keepdims: true });
  const centered = ops.sub(input!, batchMean);
  const batchVariance = ops.reduceMean(ops.mul(centered, centered), { axes });
  const meanGap = ops.sub(ops.reshape(batchMean, mean!.shape), mean!);
  return ops.add(lengthOf(meanGap), lengthOf(ops.sub(batchVariance, variance!)));
}

const asFloat32 = (x: Tensor) => (x.dtype === "float32" ? x : ops.cast(x, "float32"));

/** All nodes that a value comes from, up to another one, in the graph's order. */
function nodesBetween(from: Tensor, to: Tensor): Node[] {
  const found = new Set<Node>();
  const waiting = [to];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (next === from || next.source.kind !== "node" || found.has(next.source.node)) continue;
    found.add(next.source.node);
    waiting.push(...next.source.node.inputs.filter((input) => input !== undefined));
  }
  return to.graph.nodes.filter((node) => found.has(node));
}

/**
 * Convolutions that look as if they had taken a batch normalization in: with a bias, and none behind them. Those of single
 * places are heads and gates.
 */
function foldedIn(nodes: readonly Node[]): Node[] {
  const normalized = new Set(nodes.flatMap(({ op, inputs }) => (op === "BatchNormalization" ? [inputs[0]] : [])));
  return nodes.filter(({ op, inputs, outputs }) => {
    const isPlace = outputs[0]!.shape.slice(2).every((size) => size === 1);
    return op === "Conv" && inputs[2] !== undefined && !isPlace && !normalized.has(outputs[0]!);
  });
}

const EXPORT =
  "export the teacher anew with its batch normalizations (PyTorch: model.eval(), then torch.onnx.export with training=torch.onnx.TrainingMode.PRESERVE and do_constant_folding=False; of Limbeck's runs, take teacher.unfolded.onnx)";

function gone(): LimbeckError {
  return new LimbeckError(
    "TEACHER_MISMATCH",
    "the teacher has no BatchNormalization node: it never had any, or they were folded into its convolutions when it was exported, and the statistics of its training images are gone",
    {
      where: "scheme.statistics",
      value: 0,
      fix: `Where it had them, ${EXPORT}; or go on without them (statistics: 0, and in cmi contrast: 0); or use dfad or dafl, which do not need them.`,
    },
  );
}

function partlyGone(folded: readonly Node[], left: number): LimbeckError {
  const names = folded.map(({ name }) => name);
  const some = `${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`;
  return new LimbeckError(
    "TEACHER_MISMATCH",
    `the teacher has ${left} BatchNormalization nodes, but ${folded.length} of its convolutions (${some}) look as if others were folded into them, and their statistics are gone`,
    {
      where: "scheme.normalization",
      value: names,
      fix: `Either ${EXPORT}; or compare those that are left (normalization: found).`,
    },
  );
}
