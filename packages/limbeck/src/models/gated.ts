import { createGraph, ops, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { branchedForward, branchName, branchSpecs, type ModelSplit, splitModel } from "./branches.js";
import { Layers } from "./layers.js";
import type { Model, ModelValues, TensorSpec } from "./model.js";
import { averaged } from "./vision.js";

/** A model with several ends behind one trunk, whose answers a gate weighs for each image. */
export interface GatedModel extends Model {
  /** Answers of all branches to a batch, the taps of a pass. The first is the plain model's. */
  branchLogits(taps: Readonly<Record<string, Tensor>>): readonly Tensor[];
  /** Values of the plain model with a branch for its end, from 2 on, of those of the whole. */
  branchValues(branch: number, values: ModelValues): ModelValues;
}

const GATE = "gate";
const tapOf = (branch: number) => branchName(branch, "logits");

/**
 * Branches a model (Lan et al. 2018): its trunk once, its end several times, and a gate that looks at the trunk's features: mean over
 * places, linear layer, batch normalization, ReLU, softmax. The first branch has the model's own names.
 * @param at the tap at which the trunk ends; see {@link splitModel}
 * @throws LimbeckError TAP_UNKNOWN
 */
export function gatedModel(model: Model, geometry: ImageGeometry, branches: number, at?: string): GatedModel {
  const split = splitModel(model, geometry, at);
  const numbers = Array.from({ length: branches }, (_, i) => i + 1);
  const further = (specs: readonly TensorSpec[]) => numbers.slice(1).flatMap((k) => branchSpecs(split, k, specs));
  const inner = {
    parameters: [...model.parameters, ...further(model.parameters)],
    buffers: [...model.buffers, ...further(model.buffers)],
  };
  const gate = gateSpecs(model, geometry, split, branches);
  return {
    family: `${model.family}-gated`,
    parameters: [...inner.parameters, ...gate.parameters],
    buffers: [...inner.buffers, ...gate.buffers],
    forward: (images, weights, training) => {
      const { trunk, taps, ...pass } = branchedForward(model, split, branches, images, weights, training);
      const layers = new Layers({}, training, ({ name }) => weights[name]!);
      const shares = gateOf(layers, trunk, branches);
      const logits = pass.branches.map((branch) => branch.logits);
      const buffers = Object.assign({}, ...pass.branches.map((branch) => branch.buffers), layers.buffers);
      const named = Object.fromEntries(logits.map((tensor, i) => [tapOf(i + 1), tensor]));
      return { logits: weighted(logits, shares), taps: { ...taps, ...named }, buffers };
    },
    branchLogits: (taps) => numbers.map((k) => taps[tapOf(k)]!),
    branchValues: (branch, values) => {
      const own = [...split.behind].map((name) => [name, values[branchName(branch, name)]!]);
      return { ...values, ...Object.fromEntries(own) };
    },
  };
}

/** What each branch counts for each image, [N, branches]. */
function gateOf(layers: Layers, trunk: Tensor, branches: number): Tensor {
  const scores = layers.batchNorm(`${GATE}.bn`, layers.linear(`${GATE}.fc`, averaged(trunk), branches));
  return ops.softmax(ops.relu(scores));
}

function weighted(logits: readonly Tensor[], shares: Tensor): Tensor {
  return logits.map((z, k) => ops.mul(z, ops.slice(shares, [k], [k + 1], [1]))).reduce((a, b) => ops.add(a, b));
}

/** What the gate asks for, found by a trace. */
function gateSpecs(model: Model, { channels, height, width }: ImageGeometry, { at }: ModelSplit, branches: number) {
  const graph = createGraph();
  const [parameters, buffers]: [TensorSpec[], TensorSpec[]] = [[], []];
  const declare = ({ name, shape }: TensorSpec) => graph.parameter(name, "float32", shape);
  const images = graph.input("images", "float32", [1, channels, height, width]);
  const values = [...model.parameters, ...model.buffers].map((spec) => [spec.name, declare(spec)]);
  const { taps } = model.forward(images, Object.fromEntries(values), false);
  const layers = new Layers({}, false, (spec, isBuffer) => {
    (isBuffer ? buffers : parameters).push(spec);
    return declare(spec);
  });
  gateOf(layers, taps[at]!, branches);
  return { parameters, buffers };
}
