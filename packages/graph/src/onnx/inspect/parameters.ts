import { TensorProto_DataType as DataType } from "onnx-buf";
import { sizeOf } from "../../shape.js";
import type { Tensor } from "../../tensor.js";
import type { ParsedModel } from "../model.js";
import { dtypeLabel, innerInitializers, type StoredFacts, storedFacts } from "./facts.js";
import type { GradientReach } from "./gradients.js";
import { parameterGroups } from "./groups.js";
import type { ModelInspection, ParameterFacts, ParameterStatus } from "./report.js";
import type { Walk } from "./walk.js";

/** What steers rather than weighs: shapes, axes, indices, masks. */
const STEERING: ReadonlySet<DataType> = new Set([
  DataType.BOOL,
  DataType.INT32,
  DataType.INT64,
  DataType.STRING,
  DataType.UINT32,
  DataType.UINT64,
]);

/** Bits of an element where they are not those of its name. */
const BITS: Readonly<Record<number, number>> = {
  [DataType.DOUBLE]: 64,
  [DataType.FLOAT16]: 16,
  [DataType.BFLOAT16]: 16,
  [DataType.INT16]: 16,
  [DataType.UINT16]: 16,
  [DataType.FLOAT]: 32,
  [DataType.INT4]: 4,
  [DataType.UINT4]: 4,
};

/** All weights of a model, and what becomes of each when it is trained. */
export function parameterFacts(model: ParsedModel, walk: Walk, reach: GradientReach): ModelInspection["parameters"] {
  const stored = [...model.initializers.values(), ...innerInitializers(model.graph)].map(storedFacts);
  const weights = stored.filter(({ dataType }) => !STEERING.has(dataType));
  const tensors = weights.map((tensor) => toFacts(tensor, walk.values.get(tensor.name), reach));
  const sum = (facts: readonly ParameterFacts[]) => facts.reduce((total, { values }) => total + values, 0);
  return {
    total: sum(tensors),
    trainable: sum(tensors.filter(({ status }) => status === "trainable")),
    bytes: weights.reduce((total, { shape, dataType }) => total + (sizeOf(shape) * (BITS[dataType] ?? 8)) / 8, 0),
    groups: parameterGroups(tensors),
    tensors,
  };
}

function toFacts(stored: StoredFacts, tensor: Tensor | undefined, reach: GradientReach): ParameterFacts {
  const { name, shape, dataType } = stored;
  const status = tensor?.source.kind === "parameter" ? statusOf(tensor, reach) : "fixed";
  return { name, dtype: dtypeLabel(dataType), shape, values: sizeOf(shape), status };
}

function statusOf(tensor: Tensor, { blocked, reached }: GradientReach): ParameterStatus {
  if (blocked.has(tensor)) return "blocked";
  return reached.has(tensor) ? "trainable" : "unreached";
}
