import { GraphError } from "../errors.js";
import { type InferContext, type Operator, type OperatorTable, required } from "../operator.js";
import { CONV_ATTRIBUTES, inferConv } from "../ops/convolution.js";
import { formatShape, sameShape } from "../shape.js";
import type { TensorType } from "../tensor.js";

/**
 * ONNX Runtime's own operators for images whose channels are taken apart into blocks: [N, C, H, W] is stored as
 * [N, C / block, H, W, block], where a block fills a vector register. Shapes are written down as if nothing had happened.
 */

const REASON = "it is made after gradients are";

const inRuntime = (type: string) => ({ domain: "com.microsoft.nchwc", version: 1, type });

function inferSame(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  return [{ dtype, shape }];
}

function inferBlockedConv(context: InferContext): readonly TensorType[] {
  const types = inferConv({ ...context, inputs: context.inputs.slice(0, 3) });
  const added = context.inputs[3];
  if (added && !sameShape(added.shape, types[0]!.shape)) {
    throw new GraphError("SHAPE_MISMATCH", `cannot add ${formatShape(added.shape)} to ${formatShape(types[0]!.shape)}`);
  }
  return types;
}

function inferPooled(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  return [{ dtype, shape: [shape[0]!, shape[1]!, 1, 1] }];
}

function inferEnlarged(context: InferContext): readonly TensorType[] {
  const { dtype, shape } = required(context, 0);
  const scales = context.attributes.scales as readonly number[];
  return [{ dtype, shape: shape.map((dim, axis) => dim * scales[axis]!) }];
}

const blockedOperators: readonly Operator[] = [
  {
    name: "BlockedConv",
    runtime: inRuntime("Conv"),
    inputs: [2, 4],
    attributes: { ...CONV_ATTRIBUTES, activation: "string" },
    infer: inferBlockedConv,
    gradient: REASON,
  },
  {
    name: "BlockedGlobalAveragePool",
    runtime: inRuntime("GlobalAveragePool"),
    inputs: [1, 1],
    infer: inferPooled,
    gradient: REASON,
  },
  {
    name: "BlockedUpsample",
    runtime: inRuntime("Upsample"),
    inputs: [1, 1],
    attributes: { scales: "ints", mode: "string" },
    infer: inferEnlarged,
    gradient: REASON,
  },
  { name: "ReorderInput", runtime: inRuntime("ReorderInput"), inputs: [1, 1], infer: inferSame, gradient: REASON },
  {
    name: "ReorderOutput",
    runtime: inRuntime("ReorderOutput"),
    inputs: [1, 1],
    attributes: { channels: "int" },
    infer: inferSame,
    gradient: REASON,
  },
];

/** An operator table with the blocked operators beside its own. */
export function withBlockedOperators(table: OperatorTable): OperatorTable {
  return new Map([...table, ...blockedOperators.map((operator) => [operator.name, operator] as const)]);
}
