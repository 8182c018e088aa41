import { GraphError } from "../errors.js";
import { formatShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { add, concat, linear, mul, relu, reshape, sigmoid, squeeze, sub, tanh, transpose, unsqueeze } from "./build.js";
import { split } from "./build-indexing.js";

/** Weights of one layer and direction in PyTorch's layout; gates of a GRU in the order r, z, n, of an LSTM i, f, g, o. */
export interface RecurrentWeights {
  /** `weight_ih` [gates · hidden, features] */
  readonly weightIh: Tensor;
  /** `weight_hh` [gates · hidden, hidden] */
  readonly weightHh: Tensor;
  /** `bias_ih` [gates · hidden] */
  readonly biasIh?: Tensor | undefined;
  /** `bias_hh` [gates · hidden] */
  readonly biasHh?: Tensor | undefined;
}

/** What a layer carries from step to step. */
export interface RecurrentState {
  /** [batch, hidden] */
  readonly h: Tensor;
  /** [batch, hidden], of an LSTM only */
  readonly c?: Tensor;
}

export type RecurrentKind = "rnn" | "rnn-relu" | "gru" | "lstm";

/** One step, given the input's share of the gates. */
type Step = (input: Tensor, state: RecurrentState, weights: RecurrentWeights) => RecurrentState;

const hiddenShare = (h: Tensor, { weightHh, biasHh }: RecurrentWeights) => linear(h, weightHh, biasHh);

const plainStep =
  (activation: (x: Tensor) => Tensor): Step =>
  (input, { h }, weights) => ({ h: activation(add(input, hiddenShare(h, weights))) });

const gruStep: Step = (input, { h }, weights) => {
  const hidden = h.shape[1]!;
  const [inputGates, inputNew] = split(input, [2 * hidden, hidden], 1) as [Tensor, Tensor];
  const [hiddenGates, hiddenNew] = split(hiddenShare(h, weights), [2 * hidden, hidden], 1) as [Tensor, Tensor];
  const [reset, update] = split(sigmoid(add(inputGates, hiddenGates)), 2, 1) as [Tensor, Tensor];
  const fresh = tanh(add(inputNew, mul(reset, hiddenNew)));
  return { h: add(fresh, mul(update, sub(h, fresh))) };
};

const lstmStep: Step = (input, { h, c }, weights) => {
  const gates = add(input, hiddenShare(h, weights));
  const [i, f, g, o] = split(gates, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const cell = add(mul(sigmoid(f), c!), mul(sigmoid(i), tanh(g)));
  return { h: mul(sigmoid(o), tanh(cell)), c: cell };
};

const STEPS: Readonly<Record<RecurrentKind, Step>> = {
  rnn: plainStep(tanh),
  "rnn-relu": plainStep(relu),
  gru: gruStep,
  lstm: lstmStep,
};

/** PyTorch's `GRUCell`: x [batch, features], h [batch, hidden] → the next h. */
export function gruCell(x: Tensor, h: Tensor, weights: RecurrentWeights): Tensor {
  return gruStep(linear(x, weights.weightIh, weights.biasIh), { h }, weights).h;
}

/** PyTorch's `LSTMCell`: x [batch, features], h and c [batch, hidden] → the next h and c. */
export function lstmCell(x: Tensor, h: Tensor, c: Tensor, weights: RecurrentWeights): { h: Tensor; c: Tensor } {
  const next = lstmStep(linear(x, weights.weightIh, weights.biasIh), { h, c }, weights);
  return { h: next.h, c: next.c! };
}

/** Options of {@link unrolled}. */
export interface UnrolledOptions {
  /** First hidden state [batch, hidden]. Default zeros. */
  readonly h?: Tensor | undefined;
  /** First cell state of an LSTM [batch, hidden]. Default zeros. */
  readonly c?: Tensor | undefined;
  /** Runs from the last step to the first. Default `false`. */
  readonly reverse?: boolean;
  /** x and y are [batch, time, …] instead of [time, batch, …]. Default `false`. */
  readonly batchFirst?: boolean;
}

/**
 * One direction of one recurrent layer, unrolled in time so that it can be trained; the input's share of all steps is
 * one product. Concatenate two of them, one reversed, for a bidirectional layer.
 * @param x [time, batch, features]
 * @returns y [time, batch, hidden], all hidden states in the order of x; and the state after the last step
 * @throws GraphError SHAPE_MISMATCH
 */
export function unrolled(
  kind: RecurrentKind,
  x: Tensor,
  weights: RecurrentWeights,
  options: UnrolledOptions = {},
): RecurrentState & { y: Tensor } {
  if (x.shape.length !== 3 || weights.weightHh.shape.length !== 2) {
    throw new GraphError("SHAPE_MISMATCH", `takes [time, batch, features], got ${formatShape(x.shape)}`, {
      value: x.shape,
    });
  }
  const steps = inputShares(x, weights, options.batchFirst ?? false);
  let state = firstState(kind, x, weights, options);
  const order = options.reverse ? steps.map((_, i) => steps.length - 1 - i) : steps.map((_, i) => i);
  const hidden: Tensor[] = [];
  for (const i of order) {
    state = STEPS[kind](steps[i]!, state, weights);
    hidden[i] = state.h;
  }
  const axis = options.batchFirst ? 1 : 0;
  const y = concat(
    hidden.map((h) => unsqueeze(h, [axis])),
    axis,
  );
  return { ...state, y };
}

/** Gates' inputs of every step: one product over all steps, then one [batch, gates] for each. */
function inputShares(x: Tensor, { weightIh, biasIh }: RecurrentWeights, batchFirst: boolean): Tensor[] {
  const ordered = batchFirst ? transpose(x, [1, 0, 2]) : x;
  const [time, batch, features] = ordered.shape as readonly [number, number, number];
  const product = linear(reshape(ordered, [time * batch, features]), weightIh, biasIh);
  const parts = split(reshape(product, [time, batch, weightIh.shape[0]!]), time, 0);
  return parts.map((part) => squeeze(part, [0]));
}

function firstState(
  kind: RecurrentKind,
  x: Tensor,
  { weightHh }: RecurrentWeights,
  { h, c, batchFirst }: UnrolledOptions,
): RecurrentState {
  const shape = [x.shape[batchFirst ? 0 : 1]!, weightHh.shape[1]!];
  const zeros = () => x.graph.constant(x.dtype, shape, new Array<number>(shape[0]! * shape[1]!).fill(0));
  return kind === "lstm" ? { h: h ?? zeros(), c: c ?? zeros() } : { h: h ?? zeros() };
}
