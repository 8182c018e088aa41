import { GraphError } from "../errors.js";
import { type InferContext, numberAttribute, type Operator, required } from "../operator.js";
import { formatShape, type Shape, sameShape } from "../shape.js";
import type { TensorType } from "../tensor.js";
import { recurrentGradient } from "./recurrent-gradient.js";

/** Gates of each kind: how many blocks of rows its weights have. */
const GATES = { RNN: 1, GRU: 3, LSTM: 4 } as const;

function checkShape(context: InferContext, index: number, name: string, expected: Shape): void {
  const tensor = context.inputs[index];
  if (!tensor || sameShape(tensor.shape, expected)) return;
  const message = `${name} must be ${formatShape(expected)}, not ${formatShape(tensor.shape)}`;
  throw new GraphError("SHAPE_MISMATCH", message, { value: tensor.shape });
}

function directionsOf(context: InferContext): number {
  const direction = context.attributes.direction ?? "forward";
  if (direction === "forward" || direction === "reverse") return 1;
  if (direction === "bidirectional") return 2;
  throw new GraphError("ATTRIBUTE_INVALID", `direction ${direction} is not known`, {
    value: direction,
    fix: "Use forward, reverse or bidirectional.",
  });
}

/** Activations of each kind and direction. */
const ACTIVATIONS = { RNN: 1, GRU: 2, LSTM: 3 } as const;

function checkActivations(kind: keyof typeof GATES, { attributes }: InferContext, directions: number): void {
  const names = attributes.activations;
  const expected = directions * ACTIVATIONS[kind];
  if (names === undefined || (Array.isArray(names) && [0, expected].includes(names.length))) return;
  throw new GraphError("ATTRIBUTE_INVALID", `activations must be ${expected} names`, { value: names });
}

function inferRecurrent(kind: keyof typeof GATES, context: InferContext): readonly TensorType[] {
  const [x, weight, recurrence] = [required(context, 0), required(context, 1), required(context, 2)];
  const directions = directionsOf(context);
  const hidden = numberAttribute(context.attributes, "hidden_size", recurrence.shape[2] ?? 0);
  const batchFirst = numberAttribute(context.attributes, "layout", 0) === 1;
  if (batchFirst || x.shape.length !== 3) {
    throw new GraphError("ATTRIBUTE_INVALID", "takes [time, batch, features] with layout 0 only", {
      value: x.shape,
      fix: "Transpose the input.",
    });
  }
  const [time, batch, features] = x.shape as readonly [number, number, number];
  const rows = GATES[kind] * hidden;
  checkShape(context, 1, "W", [directions, rows, features]);
  checkShape(context, 2, "R", [directions, rows, hidden]);
  checkShape(context, 3, "B", [directions, 2 * rows]);
  checkShape(context, 4, "sequence_lens", [batch]);
  checkShape(context, 5, "initial_h", [directions, batch, hidden]);
  checkShape(context, 6, "initial_c", [directions, batch, hidden]);
  checkShape(context, 7, "P", [directions, 3 * hidden]);
  if (weight.dtype !== x.dtype) throw new GraphError("DTYPE_MISMATCH", `${x.dtype} and ${weight.dtype} do not mix`);
  checkActivations(kind, context, directions);
  const state = { dtype: x.dtype, shape: [directions, batch, hidden] };
  const y = { dtype: x.dtype, shape: [time, directions, batch, hidden] };
  return kind === "LSTM" ? [y, state, state] : [y, state];
}

function recurrent(kind: keyof typeof GATES, attributes: Operator["attributes"]): Operator {
  return {
    name: kind,
    inputs: [3, kind === "LSTM" ? 8 : 6],
    attributes: {
      activation_alpha: "floats",
      activation_beta: "floats",
      activations: "strings",
      clip: "float",
      direction: "string",
      hidden_size: "int",
      layout: "int",
      ...attributes,
    },
    infer: (context) => inferRecurrent(kind, context),
    gradient: (context) => recurrentGradient(kind, context),
  };
}

/** Recurrent layers in one node each; their gradients are unrolled in time. */
export const recurrents: readonly Operator[] = [
  recurrent("RNN", {}),
  recurrent("GRU", { linear_before_reset: "int" }),
  recurrent("LSTM", { input_forget: "int" }),
];
