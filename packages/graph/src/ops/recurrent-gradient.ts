import { GraphError } from "../errors.js";
import { type GradientContext, type GradientResult, numberAttribute } from "../operator.js";
import type { Tensor } from "../tensor.js";
import * as f from "./build.js";
import { split } from "./build-indexing.js";
import { zerosOf } from "./place.js";
import { clipped, gateActivations } from "./recurrent-activation.js";
import { CELLS, type CellContext, product } from "./recurrent-cells.js";

export type RecurrentOperator = keyof typeof CELLS;

const DEFAULT_ACTIVATIONS: Readonly<Record<RecurrentOperator, readonly string[]>> = {
  RNN: ["Tanh"],
  GRU: ["Sigmoid", "Tanh"],
  LSTM: ["Sigmoid", "Tanh", "Tanh"],
};

/** Gradients of one direction, by the operator's inputs: X, W, R, B, lengths, first h, first c, P. */
type DirectionGradients = readonly (Tensor | undefined)[];

/**
 * Back-propagation through time: the gates are computed again for all steps at once, from the states that the operator
 * returned; only the walk back goes step by step. Padding behind the end of a sequence passes gradients by.
 */
export function recurrentGradient(kind: RecurrentOperator, context: GradientContext): readonly GradientResult[] {
  const { attributes } = context.node;
  if (numberAttribute(attributes, "input_forget", 0) !== 0) {
    throw new GraphError("NO_GRADIENT", `${kind} has no gradient with input_forget`, { value: "input_forget" });
  }
  const directions = context.inputs[1]!.shape[0]!;
  const parts = Array.from({ length: directions }, (_, direction) =>
    directionGradient(kind, context, direction, directions),
  );
  return context.node.inputs.map((_, input) => {
    if (!context.wants[input]) return undefined;
    const found = parts.map((part) => part[input]!);
    return input === 0 ? found.reduce((a, b) => f.add(a, b)) : joinDirections(found);
  });
}

const joinDirections = (parts: readonly Tensor[]) =>
  f.concat(
    parts.map((part) => f.unsqueeze(part, [0])),
    0,
  );

/** One direction's part of a value with an axis of directions. */
function pick(value: Tensor | undefined, direction: number, axis = 0): Tensor | undefined {
  if (!value) return undefined;
  const part = value.shape[axis] === 1 ? value : f.slice(value, [direction], [direction + 1], [axis]);
  return f.squeeze(part, [axis]);
}

function directionGradient(
  kind: RecurrentOperator,
  context: GradientContext,
  direction: number,
  directions: number,
): DirectionGradients {
  const [x, , , , lengths] = context.inputs as readonly (Tensor | undefined)[] as [Tensor, ...(Tensor | undefined)[]];
  const isReversed = context.node.attributes.direction === "reverse" || direction === 1;
  // With lengths, each sequence is turned around on its own, and runs forward.
  const turned = (value: Tensor) =>
    isReversed && lengths ? f.emitOne("ReverseSequence", [value, f.cast(lengths, "int64")], {}) : value;
  const [weight, , bias] = [1, 2, 3].map((i) => pick(context.inputs[i], direction)) as [Tensor, Tensor, Tensor?];
  const [time, batch, features] = x.shape as readonly [number, number, number];
  const rows = f.reshape(turned(x), [time * batch, features]);
  const cell = cellContext(kind, context, { direction, directions, turned, rows, isReversed: isReversed && !lengths });
  const gradients = CELLS[kind](cell);
  const sums = (gates: Tensor) => f.reduceSum(gates, { axes: [0] });
  const want = (input: number, make: () => Tensor | undefined) => (context.wants[input] ? make() : undefined);
  return [
    want(0, () => turned(f.reshape(f.gemm(gradients.inputGates, weight), x.shape))),
    want(1, () => product(gradients.inputGates, rows)),
    want(2, gradients.recurrence),
    want(3, () => bias && f.concat([sums(gradients.inputGates), sums(gradients.stateGates)], 0)),
    undefined,
    want(5, () => gradients.hidden),
    want(6, () => gradients.cell),
    want(7, () => gradients.peephole?.()),
  ];
}

interface DirectionView {
  readonly direction: number;
  readonly directions: number;
  readonly isReversed: boolean;
  readonly rows: Tensor;
  readonly turned: (value: Tensor) => Tensor;
}

function cellContext(kind: RecurrentOperator, context: GradientContext, view: DirectionView): CellContext {
  const { attributes } = context.node;
  const { direction, directions, turned, rows, isReversed } = view;
  const [weight, recurrence, bias, , first, firstCell, peephole] = [1, 2, 3, 4, 5, 6, 7].map((i) =>
    i === 4 ? undefined : pick(context.inputs[i], direction),
  ) as [Tensor, Tensor, ...(Tensor | undefined)[]];
  const [time, batch] = context.inputs[0]!.shape as readonly [number, number, number];
  const hidden = recurrence.shape[1]!;
  const zeros = zerosOf(rows.graph, rows.dtype, [batch, hidden]);
  const [inputBias, stateBias] = bias ? split(bias, 2, 0) : [];
  const states = f.reshape(turned(pick(context.outputs[0], direction, 1)!), [time * batch, hidden]);
  const limit = attributes.clip === undefined ? undefined : Math.fround(numberAttribute(attributes, "clip", 0));
  const steps = Array.from({ length: time }, (_, step) => step);
  const lengths = context.inputs[4];
  const masks = lengths && sequenceMasks(lengths, time, rows);
  return {
    order: isReversed ? steps.reverse() : steps,
    batch,
    hidden,
    inputShare: f.linear(rows, weight, inputBias),
    before: statesBefore(states, first ?? zeros, time, isReversed),
    recurrence,
    bias: stateBias,
    peephole,
    cell: firstCell ?? zeros,
    activations: gateActivations(
      namesOf(kind, attributes.activations, directions),
      attributes,
      direction,
      directions,
    ).map((activation, i) => (i < 2 ? clipped(activation, limit) : activation)),
    linearBeforeReset: numberAttribute(attributes, "linear_before_reset", 0) !== 0,
    outputGradients: outputGradients(pick(context.outputGradients[0], direction, 1), view, time, masks),
    lastHidden: pick(context.outputGradients[1], direction),
    lastCell: pick(context.outputGradients[2], direction),
    masks,
  };
}

function namesOf(kind: RecurrentOperator, given: unknown, directions: number): readonly string[] {
  if (Array.isArray(given) && given.length > 0) return given;
  return Array.from({ length: directions }, () => DEFAULT_ACTIVATIONS[kind]).flat();
}

/** The states that each step starts from. */
function statesBefore(states: Tensor, first: Tensor, time: number, isReversed: boolean): Tensor {
  if (time === 1) return first;
  const batch = first.shape[0]!;
  if (isReversed) return f.concat([f.slice(states, [batch], [time * batch], [0]), first], 0);
  return f.concat([first, f.slice(states, [0], [(time - 1) * batch], [0])], 0);
}

/** Which sequences are not over at each step: [batch, 1] each. */
function sequenceMasks(lengths: Tensor, time: number, like: Tensor): Tensor[] {
  const steps = like.graph.constant(
    "int32",
    [time, 1],
    Array.from({ length: time }, (_, step) => step),
  );
  const running = f.cast(f.less(steps, f.unsqueeze(lengths, [0])), like.dtype);
  return split(f.reshape(running, [time * lengths.shape[0]!, 1]), time, 0);
}

/** What reaches the state of each step from outside; nothing behind the end of a sequence. */
function outputGradients(
  gradient: Tensor | undefined,
  { turned }: DirectionView,
  time: number,
  masks: readonly Tensor[] | undefined,
): Tensor[] | undefined {
  if (!gradient) return undefined;
  const [, batch, hidden] = gradient.shape as readonly [number, number, number];
  const steps = split(f.reshape(turned(gradient), [time * batch, hidden]), time, 0);
  return masks ? steps.map((step, i) => f.mul(step, masks[i]!)) : steps;
}
