import { addCosts, type Cost, FREE } from "../../cost/cost.js";
import { isFree, nodeCost } from "../../cost/index.js";
import { GraphError, TypedError } from "../../errors.js";
import { operatorOf, type ParsedModel, parseModel, subgraphsOf } from "../model.js";
import type { DimensionBindings, ShapeProbe } from "../shapes.js";
import type { ExternalData } from "../tensors.js";
import {
  allNodes,
  boundDimensions,
  declared,
  fedInputs,
  modelFacts,
  nodeLabel,
  withHoistedConstants,
} from "./facts.js";
import { type GradientReach, gradientReach } from "./gradients.js";
import { parameterFacts } from "./parameters.js";
import type { ModelInspection, OperatorFacts, ParameterFacts, TrainingFacts } from "./report.js";
import { tapsOf } from "./taps.js";
import { type Walk, walkModel } from "./walk.js";

export interface InspectOptions {
  /**
   * Sizes of open dimensions, by symbol, by input and axis (`images[0]`), or for all others (`*`). Default: 224 for height
   * and width of images, 1 for others.
   */
  readonly dims?: DimensionBindings;
  /** Reads files that lie beside the model; without it, small numbers there are not known, and shapes may depend on them. */
  readonly externalData?: ExternalData;
  /** Runs the model once where shapes depend on values that only a run can tell; see `probeWith`. */
  readonly shapesOf?: ShapeProbe;
}

/**
 * Says what an ONNX model is made of and what can be done with it: operators, parameters, arithmetic, values to tap, weights
 * to train. What graphs do not have is reported, and does not stop the rest from being read.
 * @throws GraphError MODEL_INVALID for what is no ONNX model; OPTION_INVALID for dimensions that it does not have
 */
export async function inspectModel(bytes: Uint8Array, options: InspectOptions = {}): Promise<ModelInspection> {
  try {
    return await inspect(withHoistedConstants(parseModel(bytes)), bytes.length, options);
  } catch (error) {
    if (error instanceof TypedError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new GraphError("MODEL_INVALID", `the model cannot be read: ${message}`, { cause: error });
  }
}

async function inspect(model: ParsedModel, bytes: number, options: InspectOptions): Promise<ModelInspection> {
  const dims = boundDimensions(model, options.dims ?? {});
  const sizes = Object.fromEntries(dims.map(({ name, size }) => [name, size]));
  const walk = await walkModel(model, { ...options, dims: sizes });
  const outputs = model.graph.output.flatMap(({ name }) => walk.values.get(name) ?? []);
  const taps = tapsOf(walk);
  const operators = operatorFacts(model, walk);
  const reach = gradientReach(walk, outputs);
  const parameters = parameterFacts(model, walk, reach);
  return {
    format: 1,
    model: modelFacts(model, bytes),
    inputs: fedInputs(model).map(declared),
    outputs: model.graph.output.map(declared),
    dims,
    ...operators.reduce<Cost>(addCosts, FREE),
    operators,
    unread: walk.steps.flatMap(({ node, failure }) => {
      if (!failure) return [];
      const { kind, reason } = failure;
      return [{ node: nodeLabel(node), operator: operatorOf(node), kind, reason }];
    }),
    parameters,
    training: trainingFacts(walk, reach, parameters.tensors),
    taps,
  };
}

const QUANTIZED = /(^|:)(Q[A-Z]|Quantize|Dequantize|DynamicQuantize)|Integer$|NBits$/;

function trainingFacts(
  { steps }: Walk,
  { obstacles }: GradientReach,
  weights: readonly ParameterFacts[],
): TrainingFacts {
  const quantized = steps.some(({ node }) => QUANTIZED.test(operatorOf(node)));
  const eligible = weights.filter(({ status }) => status !== "fixed");
  const trainable = eligible.filter(({ status }) => status === "trainable");
  const base = { quantized, obstacles };
  if (trainable.length > 0) return { extent: trainable.length < eligible.length ? "part" : "whole", ...base };
  const isRead = steps.every(({ failure }) => failure === undefined);
  return { extent: isRead || quantized ? "forward only" : "unknown", ...base };
}

function operatorFacts(model: ParsedModel, walk: Walk): OperatorFacts[] {
  const facts = new Map<string, OperatorFacts>();
  const note = (operator: string, change: Partial<OperatorFacts>) => {
    const known = facts.get(operator) ?? { operator, count: 0, uncounted: 0, ...FREE };
    const { count = 0, uncounted = 0, macs = 0, flops = 0 } = change;
    const cost = addCosts(known, { macs, flops });
    facts.set(operator, { operator, count: known.count + count, uncounted: known.uncounted + uncounted, ...cost });
  };
  for (const node of allNodes(model.proto.graph!)) note(operatorOf(node), { count: 1 });
  for (const { node, emitted, failure } of walk.steps) {
    const isStructure = subgraphsOf(node).length > 0;
    for (const part of emitted) note(isStructure ? part.op : operatorOf(node), nodeCost(part));
    const lost = failure === undefined ? [] : [node, ...subgraphsOf(node).flatMap(allNodes)];
    for (const operator of lost.map(operatorOf)) if (!isFree(operator)) note(operator, { uncounted: 1 });
  }
  return [...facts.values()].sort((a, b) => b.flops - a.flops || b.count - a.count);
}
