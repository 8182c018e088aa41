import type { Tensor } from "../tensor.js";
import * as f from "./build.js";
import { split } from "./build-indexing.js";
import { zerosOf } from "./place.js";
import type { GateActivation } from "./recurrent-activation.js";

/** One direction of a recurrent layer on its way back. Rows are [time · batch, …], in the order of the input. */
export interface CellContext {
  /** Steps of time in the order in which the layer runs. */
  readonly order: readonly number[];
  readonly batch: number;
  readonly hidden: number;
  /** The input's share of the gates, and the states before each step: rows. */
  readonly inputShare: Tensor;
  readonly before: Tensor;
  /** [gates · hidden, hidden] and, where there is one, [gates · hidden] */
  readonly recurrence: Tensor;
  readonly bias: Tensor | undefined;
  /** [3 · hidden] of an LSTM */
  readonly peephole: Tensor | undefined;
  /** First cell state of an LSTM. */
  readonly cell: Tensor;
  readonly activations: readonly GateActivation[];
  readonly linearBeforeReset: boolean;
  /** Gradients of the states after each step, by step. */
  readonly outputGradients: readonly Tensor[] | undefined;
  /** Gradients of the last states. */
  readonly lastHidden: Tensor | undefined;
  readonly lastCell: Tensor | undefined;
  /** 1 where a sequence is not over yet, [batch, 1] by step. */
  readonly masks: readonly Tensor[] | undefined;
}

/** Gradients of one direction; rows of gates. */
export interface CellGradients {
  readonly inputGates: Tensor;
  /** Of the gates as the state's share enters them. */
  readonly stateGates: Tensor;
  /** Of the first states. */
  readonly hidden: Tensor;
  readonly cell?: Tensor;
  recurrence(): Tensor;
  peephole?(): Tensor;
}

type Cell = (context: CellContext) => CellGradients;

/** Rows by step. */
const bySteps = ({ order }: CellContext, rows: Tensor) => split(rows, order.length, 0);
const blocks = (rows: Tensor, count: number) => split(rows, count, 1);
const joined = (parts: readonly Tensor[]) => f.concat(parts, 0);

/** Aᵀ · B of rows: the sum over time and batch. */
export const product = (a: Tensor, b: Tensor): Tensor => f.gemm(f.transpose(a), b);

const plus = (a: Tensor | undefined, b: Tensor | undefined) => (a && b ? f.add(a, b) : (a ?? b));

const zeroState = ({ inputShare, batch, hidden }: CellContext) =>
  zerosOf(inputShare.graph, inputShare.dtype, [batch, hidden]);

/** A step's part of a gradient, and the part that passes by where a sequence is over. */
function masked({ masks }: CellContext, step: number, gradient: Tensor): [active: Tensor, idle: Tensor | undefined] {
  if (!masks) return [gradient, undefined];
  const active = f.mul(gradient, masks[step]!);
  return [active, f.sub(gradient, active)];
}

/** Walks back in time. `back` takes what reaches a step's state and gives what reaches the state before it. */
function walkBack(context: CellContext, back: (gradient: Tensor, step: number) => Tensor): Tensor {
  let hidden = context.lastHidden;
  for (const step of [...context.order].reverse()) {
    const total = plus(hidden, context.outputGradients?.[step]) ?? zeroState(context);
    const [active, idle] = masked(context, step, total);
    hidden = plus(back(active, step), idle);
  }
  return hidden!;
}

/** h' = f(x·Wᵀ + h·Rᵀ + b) */
const rnn: Cell = (context) => {
  const { recurrence, before, bias } = context;
  const [activation] = context.activations;
  const sum = f.add(context.inputShare, f.linear(before, recurrence, bias));
  const slopes = bySteps(context, activation!.slope(sum, activation!.value(sum)));
  const gates: Tensor[] = [];
  const hidden = walkBack(context, (gradient, step) => {
    gates[step] = f.mul(gradient, slopes[step]!);
    return f.gemm(gates[step], recurrence);
  });
  const rows = joined(gates);
  return { inputGates: rows, stateGates: rows, hidden, recurrence: () => product(rows, before) };
};

/** What a GRU's gates were, all steps at once. */
function gruGates(context: CellContext) {
  const { recurrence, before, hidden, inputShare, bias, linearBeforeReset } = context;
  const [gate, candidate] = context.activations as [GateActivation, GateActivation];
  const sizes = [2 * hidden, hidden];
  const [shareGates, shareNew] = split(inputShare, sizes, 1) as [Tensor, Tensor];
  const [gateRecurrence, newRecurrence] = split(recurrence, sizes, 0) as [Tensor, Tensor];
  const [gateBias, newBias] = bias ? split(bias, sizes, 0) : [];
  const sums = f.add(shareGates, f.linear(before, gateRecurrence, gateBias));
  const values = gate.value(sums);
  const [update, reset] = blocks(values, 2) as [Tensor, Tensor];
  const [updateSlope, resetSlope] = blocks(gate.slope(sums, values), 2) as [Tensor, Tensor];
  const resetState = f.mul(reset, before);
  const state = linearBeforeReset ? f.linear(before, newRecurrence, newBias) : before;
  const share = linearBeforeReset ? f.mul(reset, state) : f.linear(resetState, newRecurrence, newBias);
  const sum = f.add(shareNew, share);
  const fresh = candidate.value(sum);
  const freshFactor = f.mul(f.sub(1, update), candidate.slope(sum, fresh));
  const updateFactor = f.mul(f.sub(before, fresh), updateSlope);
  return {
    update,
    reset,
    resetState,
    gateRecurrence,
    newRecurrence,
    freshFactor,
    updateFactor,
    resetFactor: f.mul(state, resetSlope),
  };
}

/** z, r = f(…); n = g(x·Wᵀ + r ⊙ (h·Rᵀ + b)) or g(x·Wᵀ + (r ⊙ h)·Rᵀ + b); h' = (1 - z) ⊙ n + z ⊙ h */
const gru: Cell = (context) => (context.linearBeforeReset ? gruAfter(context) : gruBefore(context));

/** The reset gate applies to the state's share. */
const gruAfter: Cell = (context) => {
  const { recurrence, before } = context;
  const { update, reset, freshFactor, updateFactor, resetFactor } = gruGates(context);
  const factors = f.concat([updateFactor, f.mul(freshFactor, resetFactor), f.mul(freshFactor, reset)], 1);
  const [stepFactors, updates] = [bySteps(context, factors), bySteps(context, update)];
  const [gates, gradients]: [Tensor[], Tensor[]] = [[], []];
  const hidden = walkBack(context, (gradient, step) => {
    gradients[step] = gradient;
    gates[step] = f.mul(f.concat([gradient, gradient, gradient], 1), stepFactors[step]!);
    return f.gemm(gates[step], recurrence, f.mul(gradient, updates[step]!));
  });
  const rows = joined(gates);
  const [gateRows] = split(rows, [2 * context.hidden, context.hidden], 1);
  return {
    inputGates: f.concat([gateRows!, f.mul(joined(gradients), freshFactor)], 1),
    stateGates: rows,
    hidden,
    recurrence: () => product(rows, before),
  };
};

/** The reset gate applies to the state itself. */
const gruBefore: Cell = (context) => {
  const { before } = context;
  const all = gruGates(context);
  const [updates, resets] = [bySteps(context, all.update), bySteps(context, all.reset)];
  const fresh = bySteps(context, all.freshFactor);
  const [updateFactors, resetFactors] = [bySteps(context, all.updateFactor), bySteps(context, all.resetFactor)];
  const [gates, news]: [Tensor[], Tensor[]] = [[], []];
  const hidden = walkBack(context, (gradient, step) => {
    news[step] = f.mul(gradient, fresh[step]!);
    const toReset = f.gemm(news[step], all.newRecurrence);
    gates[step] = f.concat([f.mul(gradient, updateFactors[step]!), f.mul(toReset, resetFactors[step]!)], 1);
    const passed = f.add(f.mul(gradient, updates[step]!), f.mul(toReset, resets[step]!));
    return f.gemm(gates[step], all.gateRecurrence, passed);
  });
  const [gateRows, newRows] = [joined(gates), joined(news)];
  const rows = f.concat([gateRows, newRows], 1);
  return {
    inputGates: rows,
    stateGates: rows,
    hidden,
    recurrence: () => joined([product(gateRows, before), product(newRows, all.resetState)]),
  };
};

interface LstmStates {
  /** Cells before and after each step. */
  readonly before: Tensor;
  readonly after: Tensor;
  /** Sums of the gates, ONNX's order: input, output, forget, cell. */
  readonly sums: readonly [Tensor, Tensor, Tensor, Tensor];
}

/** Runs the cells again, which the operator does not return: the only part that goes step by step. */
function lstmStates(context: CellContext): LstmStates {
  const { order, peephole, recurrence, bias } = context;
  const [gate, candidate] = context.activations as [GateActivation, GateActivation];
  const all = f.add(context.inputShare, f.linear(context.before, recurrence, bias));
  const [input, output, forget, cell] = blocks(all, 4) as [Tensor, Tensor, Tensor, Tensor];
  const [inputPeep, outputPeep, forgetPeep] = peephole ? split(peephole, 3, 0) : [];
  const peeped = (sum: Tensor, state: Tensor, weight: Tensor | undefined) =>
    weight ? f.add(sum, f.mul(state, weight)) : sum;
  const fresh = bySteps(context, candidate.value(cell));
  const [inputs, forgets] = [bySteps(context, input), bySteps(context, forget)];
  const [before, after]: [Tensor[], Tensor[]] = [[], []];
  let state = context.cell;
  for (const step of order) {
    before[step] = state;
    const taken = f.mul(gate.value(peeped(inputs[step]!, state, inputPeep)), fresh[step]!);
    state = f.add(taken, f.mul(gate.value(peeped(forgets[step]!, state, forgetPeep)), state));
    after[step] = state;
  }
  const [rowsBefore, rowsAfter] = [joined(before), joined(after)];
  return {
    before: rowsBefore,
    after: rowsAfter,
    sums: [
      peeped(input, rowsBefore, inputPeep),
      peeped(output, rowsAfter, outputPeep),
      peeped(forget, rowsBefore, forgetPeep),
      cell,
    ],
  };
}

/** i, o, f = f(…); c' = f ⊙ c + i ⊙ g(…); h' = o ⊙ h(c') */
const lstm: Cell = (context) => {
  const { recurrence, before, peephole } = context;
  const [gate, candidate, squash] = context.activations as [GateActivation, GateActivation, GateActivation];
  const states = lstmStates(context);
  const [input, output, forget] = states.sums.slice(0, 3).map((sum) => gate.value(sum)) as [Tensor, Tensor, Tensor];
  const fresh = candidate.value(states.sums[3]);
  const squashed = squash.value(states.after);
  const factors = f.concat(
    [
      f.mul(fresh, gate.slope(states.sums[0], input)),
      f.mul(squashed, gate.slope(states.sums[1], output)),
      f.mul(states.before, gate.slope(states.sums[2], forget)),
      f.mul(input, candidate.slope(states.sums[3], fresh)),
    ],
    1,
  );
  const toCell = bySteps(context, f.mul(output, squash.slope(states.after, squashed)));
  const [stepFactors, forgets] = [bySteps(context, factors), bySteps(context, forget)];
  const peeps = peephole ? split(peephole, 3, 0) : undefined;
  const gates: Tensor[] = [];
  let cell = context.lastCell;
  const hidden = walkBack(context, (gradient, step) => {
    const [arriving, idle] = cell ? masked(context, step, cell) : [undefined, undefined];
    const outputFactor = blocks(stepFactors[step]!, 4)[1]!;
    const viaOutput = peeps && f.mul(f.mul(gradient, outputFactor), peeps[1]!);
    const active = plus(plus(arriving, f.mul(gradient, toCell[step]!)), viaOutput)!;
    gates[step] = f.mul(f.concat([active, gradient, active, active], 1), stepFactors[step]!);
    const kept = plus(f.mul(active, forgets[step]!), idle)!;
    cell = peeps ? f.add(kept, throughPeepholes(gates[step], peeps)) : kept;
    return f.gemm(gates[step], recurrence);
  });
  const rows = joined(gates);
  return {
    inputGates: rows,
    stateGates: rows,
    hidden,
    cell: cell!,
    recurrence: () => product(rows, before),
    peephole: () => peepholeGradient(rows, states),
  };
};

function throughPeepholes(gates: Tensor, peeps: readonly Tensor[]): Tensor {
  const [input, , forget] = blocks(gates, 4) as [Tensor, Tensor, Tensor];
  return f.add(f.mul(input, peeps[0]!), f.mul(forget, peeps[2]!));
}

function peepholeGradient(gates: Tensor, { before, after }: LstmStates): Tensor {
  const [input, output, forget] = blocks(gates, 4) as [Tensor, Tensor, Tensor];
  const parts = [f.mul(input, before), f.mul(output, after), f.mul(forget, before)];
  return f.reduceSum(f.concat(parts, 1), { axes: [0] });
}

export const CELLS: Readonly<Record<"RNN" | "GRU" | "LSTM", Cell>> = { RNN: rnn, GRU: gru, LSTM: lstm };
